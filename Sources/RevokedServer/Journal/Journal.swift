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

    /// Appends that a key has this value and expiry now.
    /// - Returns: the position that the answer waits for; 0 if for none.
    @inline(__always)
    func append(
        set key: RawSpan, _ value: RawSpan, expiry: Int64, isGuarded: Bool, at moment: ClockReading
    ) -> UInt64 {
        guard let readers else {
            return disk?.append(set: key, value, expiry: expiry, isGuarded: isGuarded, at: moment) ?? 0
        }
        return readers.inOrder {
            $0.set(key, value, expiry: expiry, isGuarded: isGuarded, at: moment)
        } disk: {
            disk?.append(set: key, value, expiry: expiry, isGuarded: isGuarded, at: moment)
        }
    }

    /// Appends that a key is gone.
    @inline(__always)
    func append(remove key: RawSpan) -> UInt64 {
        guard let readers else { return disk?.append(remove: key) ?? 0 }
        return readers.inOrder {
            $0.remove(key)
        } disk: {
            disk?.append(remove: key)
        }
    }

    /// Appends several records that are replayed together or not at all.
    func append(at moment: ClockReading, group write: (inout JournalGroup) -> Void) -> UInt64 {
        guard let readers else { return append(at: moment, to: [], write) }
        return readers.inOrder {
            $0.beginGroup(at: moment)
        } disk: {
            append(at: moment, to: readers.all, write)
        } end: {
            $0.endGroup()
        }
    }

    private func append(
        at moment: ClockReading, to readers: [any JournalReader], _ write: (inout JournalGroup) -> Void
    ) -> UInt64 {
        guard let disk else {
            var group = JournalGroup(nil, readers, moment)
            write(&group)
            return 0
        }
        return disk.append(at: moment) { records in
            var group = JournalGroup(records, readers, moment)
            write(&group)
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
    func removeAll()
    /// What follows until ``endGroup()`` holds together or not at all.
    func beginGroup(at moment: ClockReading)
    func endGroup()
}

/// The readers besides the disk. Their lock makes one order of the appends of all shards.
final class JournalReaders: Sendable {
    let all: [any JournalReader]
    private let order = Mutex(())

    /// - Returns: nil if there are none.
    init?(_ readers: [any JournalReader]) {
        guard !readers.isEmpty else { return nil }
        all = readers
    }

    fileprivate func inOrder(
        _ each: (any JournalReader) -> Void, disk: () -> UInt64?, end: ((any JournalReader) -> Void)? = nil
    ) -> UInt64 {
        order.withLock { _ in
            for reader in all { each(reader) }
            let position = disk() ?? 0
            if let end { for reader in all { end(reader) } }
            return position
        }
    }
}

/// Takes the records of ``Journal/append(at:group:)``.
struct JournalGroup: ~Copyable {
    private var disk: RecordGroup?
    private let readers: [any JournalReader]
    private let moment: ClockReading

    fileprivate init(_ disk: consuming RecordGroup?, _ readers: [any JournalReader], _ moment: ClockReading) {
        self.disk = disk
        self.readers = readers
        self.moment = moment
    }

    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, isGuarded: Bool) {
        disk?.set(key, value, expiry: expiry, isGuarded: isGuarded)
        for reader in readers { reader.set(key, value, expiry: expiry, isGuarded: isGuarded, at: moment) }
    }

    mutating func removeAll() {
        disk?.removeAll()
        for reader in readers { reader.removeAll() }
    }

    /// The records for the disk, which this group was made with.
    fileprivate consuming func finish() -> RecordGroup { disk.take()! }
}
