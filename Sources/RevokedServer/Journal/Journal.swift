import Denylist
import Persistence
import Synchronization

/// The one door to the log: every change of the table is appended here, under the lock that it is made under. So the
/// order of a key's records is the order in which its values were to be seen.
struct Journal: Sendable {
    /// The log on disk, the first reader; nil without a data directory.
    let disk: AppendLog?
    /// All other readers; nil if there are none, so that an append asks for nothing more than that.
    private let readers: JournalReaders?

    init(disk: AppendLog?, readers: JournalReaders? = nil) {
        self.disk = disk
        self.readers = readers
    }

    /// The position after the last append: what a write waits for that found nothing to change. 0 without a log.
    var end: UInt64 { disk?.end ?? 0 }

    /// Appends that a key of a database has this value and expiry now.
    /// - Returns: the position that the answer waits for; 0 if for none.
    @inline(__always)
    func append(
        set key: RawSpan, of database: Int = 0, _ value: RawSpan, expiry: Int64, isGuarded: Bool,
        at moment: ClockReading
    ) -> UInt64 {
        guard database == 0 else {
            return append(at: moment, database: database) {
                $0.set(key, value, expiry: expiry, isGuarded: isGuarded)
            }
        }
        guard let readers else {
            return disk?.append(set: key, value, expiry: expiry, isGuarded: isGuarded, at: moment) ?? 0
        }
        return readers.inOrder {
            $0.set(key, value, expiry: expiry, isGuarded: isGuarded, at: moment)
        } disk: {
            disk?.append(set: key, value, expiry: expiry, isGuarded: isGuarded, at: moment)
        }
    }

    /// Appends that a key of a database is gone.
    /// - Parameter isExpired: whether it has expired.
    @inline(__always)
    func append(
        remove key: RawSpan, of database: Int = 0, isExpired: Bool = false, at moment: ClockReading
    ) -> UInt64 {
        guard database == 0 else {
            return append(at: moment, database: database) { $0.remove(key, isExpired: isExpired) }
        }
        guard let readers else { return disk?.append(remove: key, isExpired: isExpired) ?? 0 }
        return readers.inOrder {
            $0.remove(key)
        } disk: {
            disk?.append(remove: key, isExpired: isExpired)
        }
    }

    /// Until ``endGathering()`` this thread executes what many clients have sent: the disk begins behind it.
    func beginGathering() { disk?.beginGathering() }

    func endGathering() { disk?.endGathering() }

    /// Appends what replicas hear, and which changes nothing.
    func append(signal: AppendLog.Signal) { disk?.append(signal: signal) }

    /// Appends several records that are replayed together or not at all.
    /// - Parameter database: that of the first ones.
    func append(
        at moment: ClockReading, database: Int, group write: (inout JournalGroup) -> Void
    ) -> UInt64 {
        append(at: moment) { group in
            group.select(database)
            write(&group)
        }
    }

    /// The same; the first records are those of database 0.
    func append(at moment: ClockReading, group write: (inout JournalGroup) -> Void) -> UInt64 {
        guard let readers else { return append(at: moment, to: [], write) }
        return readers.inOrder(group: moment) { append(at: moment, to: readers.all, write) }
    }

    /// Everything that is appended while `body` runs is replayed together or not at all. The caller has the exclusive
    /// turn: another thread's records would be among them.
    /// - Returns: the position after the last record.
    func appendGroup(at moment: ClockReading, _ body: () -> Void) -> UInt64 {
        readers?.beginGroup(at: moment)
        defer { readers?.endGroup() }
        guard let disk else {
            body()
            return 0
        }
        return disk.appendGroup(body)
    }

    private func append(
        at moment: ClockReading, to readers: [any JournalReader], _ write: (inout JournalGroup) -> Void
    ) -> UInt64 {
        guard let disk else {
            var group = JournalGroup(nil, readers, moment)
            write(&group)
            group.select(0)
            return 0
        }
        return disk.append(at: moment) { records in
            var group = JournalGroup(records, readers, moment)
            write(&group)
            group.select(0)
            records = group.finish()
        }
    }
}

/// A reader of the journal besides the disk: a peer, a follower. It sees every append, once, in the order of the log.
///
/// It is called under the lock of a shard and of the journal, by any thread: it copies what it needs, and does no more.
protocol JournalReader: AnyObject, Sendable {
    /// - Parameters:
    ///   - expiry: milliseconds on the clock of the key, `Expiry.never` if it does not expire.
    ///   - moment: when that was decided.
    func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, isGuarded: Bool, at moment: ClockReading)
    func remove(_ key: RawSpan)
    /// The following changes are made in this database. A group selects database 0 again before its end.
    func select(_ database: Int)
    /// Removes all keys of the selected database.
    func removeDatabase()
    /// Exchanges the keys of two databases.
    func swap(_ database: Int, _ other: Int)
    func removeAll()
    /// What follows until ``endGroup()`` holds together or not at all.
    func beginGroup(at moment: ClockReading)
    func endGroup()
}

/// The readers besides the disk. Their lock makes one order of the appends of all shards.
final class JournalReaders: Sendable {
    let all: [any JournalReader]
    private let order = Mutex(())
    /// Between ``beginGroup(at:)`` and ``endGroup()``; changed under ``order``.
    private let isInGroup = Atomic(false)

    /// - Returns: nil if there are none.
    init?(_ readers: [any JournalReader]) {
        guard !readers.isEmpty else { return nil }
        all = readers
    }

    fileprivate func inOrder(_ each: (any JournalReader) -> Void, disk: () -> UInt64?) -> UInt64 {
        order.withLock { _ in
            for reader in all { each(reader) }
            return disk() ?? 0
        }
    }

    /// - Parameter append: hands several records to the disk and to all readers.
    fileprivate func inOrder(group moment: ClockReading, _ append: () -> UInt64) -> UInt64 {
        order.withLock { _ in
            // Within a larger group this one needs no marks.
            let isNested = isInGroup.load(ordering: .relaxed)
            if !isNested { for reader in all { reader.beginGroup(at: moment) } }
            let position = append()
            if !isNested { for reader in all { reader.endGroup() } }
            return position
        }
    }

    fileprivate func beginGroup(at moment: ClockReading) {
        order.withLock { _ in
            isInGroup.store(true, ordering: .relaxed)
            for reader in all { reader.beginGroup(at: moment) }
        }
    }

    fileprivate func endGroup() {
        order.withLock { _ in
            isInGroup.store(false, ordering: .relaxed)
            for reader in all { reader.endGroup() }
        }
    }
}

/// Takes the records of ``Journal/append(at:group:)``.
struct JournalGroup: ~Copyable {
    private var disk: RecordGroup?
    private let readers: [any JournalReader]
    private let moment: ClockReading
    private var database = 0

    fileprivate init(_ disk: consuming RecordGroup?, _ readers: [any JournalReader], _ moment: ClockReading) {
        self.disk = disk
        self.readers = readers
        self.moment = moment
    }

    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, isGuarded: Bool) {
        disk?.set(key, value, expiry: expiry, isGuarded: isGuarded)
        for reader in readers { reader.set(key, value, expiry: expiry, isGuarded: isGuarded, at: moment) }
    }

    /// Chooses the database of the following records; database 0 at the beginning.
    mutating func select(_ database: Int) {
        guard database != self.database else { return }
        self.database = database
        disk?.select(database)
        for reader in readers { reader.select(database) }
    }

    /// - Parameter isExpired: whether the entry has expired.
    mutating func remove(_ key: RawSpan, isExpired: Bool = false) {
        disk?.remove(key, isExpired: isExpired)
        for reader in readers { reader.remove(key) }
    }

    mutating func swap(_ database: Int, _ other: Int) {
        disk?.swap(database, other)
        for reader in readers { reader.swap(database, other) }
    }

    mutating func removeDatabase() {
        disk?.removeDatabase()
        for reader in readers { reader.removeDatabase() }
    }

    mutating func removeAll() {
        disk?.removeAll()
        for reader in readers { reader.removeAll() }
    }

    /// The records for the disk, which this group was made with.
    fileprivate consuming func finish() -> RecordGroup { disk.take()! }
}
