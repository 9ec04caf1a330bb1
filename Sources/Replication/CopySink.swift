import Denylist
import Persistence

/// Writes what a stream says of guarded keys into a table. A later record replaces an earlier one and never merges with
/// it, so that an undo stays undone. Other keys are passed over.
///
/// Only what our daemon writes is accepted: each of its records holds a whole value and an absolute expiry, and guarded
/// keys are in database 0.
struct CopySink: StreamSink, ~Copyable {
    /// A change that waits for the rest of its group.
    private enum Change {
        case set(key: [UInt8], value: [UInt8], expiry: Int64)
        case remove(key: [UInt8])
        case removeAll
    }

    /// At which nothing has expired.
    private static let beforeAll = ClockReading(wall: .min, guarded: .min)

    private let table: Denylist
    private let keys: Denylist.Keys
    private let entries: Denylist.Writer
    private let observer: (any CopyObserver)?
    private var database = 0
    /// Added to the expiries of a file: it shifts them, and notes by how much. nil before its note.
    ///
    /// Records of the stream are shifted, too, but no note says by how much. They are taken as they are: a shift is
    /// never negative, so no entry ends early.
    private var correction: Int64?
    private var isFile: Bool
    private var group: [Change]?
    private var reason: String?
    var objection: StreamError? { reason.map(StreamError.damaged) ?? (table.isFull() ? .full : nil) }

    /// - Parameter isFile: whether a file comes first.
    init(_ table: Denylist, isFile: Bool, _ observer: (any CopyObserver)? = nil) {
        self.table = table
        self.observer = observer
        self.isFile = isFile
        keys = table.keys
        entries = table.writer
        correction = isFile ? nil : 0
    }

    mutating func endFile() {
        isFile = false
        correction = 0
        database = 0
    }

    mutating func beginGroup() { group = [] }

    /// Applies the changes of a group in one step, which no look-up sees a part of for one key.
    mutating func endGroup() {
        guard let group else { return }
        self.group = nil
        let keys = keys
        func apply(_ table: borrowing Denylist.Locked) {
            for change in group {
                switch change {
                case .set(let key, let value, let expiry):
                    let (key, value) = (key.span.bytes, value.span.bytes)
                    table.update(key, hash: keys.hash(of: key), at: Self.beforeAll) { $0.store(value, expiry: expiry) }
                case .remove(let key):
                    let key = key.span.bytes
                    table.update(key, hash: keys.hash(of: key), at: Self.beforeAll) { $0.remove() }
                case .removeAll: table.removeAll()
                }
            }
        }
        var hashes: [KeyHash] = []
        for change in group {
            switch change {
            case .set(let key, _, _), .remove(let key): hashes.append(keys.hash(of: key.span.bytes))
            case .removeAll:
                table.lockAll(apply)
                return tell(of: group)
            }
        }
        if !hashes.isEmpty { table.lock(hashes, apply) }
        tell(of: group)
    }

    private func tell(of group: [Change]) {
        guard let observer else { return }
        for case .set(let key, let value, _) in group { observer.stored(key.span.bytes, value.span.bytes) }
    }

    // MARK: RecordSink

    mutating func readExpiries(by note: TimeNote?) {
        guard isFile else { return }
        correction = note.map { -$0.shift }
    }

    func place(of key: RawSpan) -> KeyHash {
        let hash = keys.hash(of: key)
        keys.prefetch(hash)
        return hash
    }

    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64) {
        set(key, value, expiry: expiry, at: keys.hash(of: key))
    }

    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, at hash: KeyHash) {
        guard accepts(hash) else { return }
        guard let correction else { return object("a file that another server wrote") }
        let expiry = expiry == Expiry.never ? expiry : expiry &+ correction
        guard group == nil else {
            group?.append(
                .set(
                    key: key.withUnsafeBytes(Array.init), value: value.withUnsafeBytes(Array.init), expiry: expiry))
            return
        }
        entries.update(key, hash: hash, at: Self.beforeAll) { $0.store(value, expiry: expiry) }
        if !isFile { observer?.stored(key, value) }
    }

    mutating func remove(_ key: RawSpan) {
        let hash = keys.hash(of: key)
        guard accepts(hash) else { return }
        guard group == nil else {
            group?.append(.remove(key: key.withUnsafeBytes(Array.init)))
            return
        }
        entries.update(key, hash: hash, at: Self.beforeAll) { $0.remove() }
    }

    mutating func select(_ database: Int) { self.database = database }

    mutating func removeDatabase() {
        if database == 0 { removeAll() }
    }

    mutating func removeAll() {
        if group == nil { table.lockAll { $0.removeAll() } } else { group?.append(.removeAll) }
    }

    mutating func swap(_ one: Int, _ other: Int) {
        // The daemon exchanges database 0 only while it holds no guarded key.
        if one != other, one == 0 || other == 0, table.statistics.entries > 0 { object("SWAPDB of revocations") }
    }

    // What our daemon never writes of a guarded key.

    mutating func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan) { refuse(key) }
    mutating func modify(_ key: RawSpan, _ change: (_ old: RawSpan?) -> [UInt8]?) { refuse(key) }
    mutating func setExpiry(_ key: RawSpan, _ expiry: Int64) { refuse(key) }

    mutating func copy(_ key: RawSpan, to other: RawSpan, of database: Int?) {
        refuse(key)
        refuse(other)
    }

    private mutating func refuse(_ key: RawSpan) {
        if keys.hash(of: key).isGuarded { object("a change of a revocation that our daemon does not make") }
    }

    /// Whether a key is one of those that are copied.
    private mutating func accepts(_ hash: KeyHash) -> Bool {
        guard hash.isGuarded else { return false }
        guard database == 0 else {
            object("a revocation in another database than 0")
            return false
        }
        return true
    }

    private mutating func object(_ reason: String) { self.reason = self.reason ?? reason }
}

/// Hears what a stream changes in a copy.
package protocol CopyObserver: AnyObject, Sendable {
    /// An entry is in the table now, as a record of the stream says.
    func stored(_ key: RawSpan, _ value: RawSpan)
    /// The table is another one: which entries are new is not told.
    func replaced()
}
