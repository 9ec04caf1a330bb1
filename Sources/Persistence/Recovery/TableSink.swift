import Denylist

/// Fills the table with what files say. What they say later replaces what they said before: nothing is merged, so that
/// an undo stays undone. What they say of the daemon's own keys is kept apart: those come from a file of their own.
struct TableSink: RecordSink, ~Copyable {
    private let denylist: Denylist
    /// The same, without counting references.
    private let keys: Denylist.Keys
    private let entries: Denylist.Writer
    private var moment: ClockReading
    /// Whether expiries are taken as they stand in the file, whatever its notes say.
    private let copies: Bool
    /// What has to be added to the expiry of a guarded key.
    private var correction: Int64 = 0
    private var isOthers = true
    /// Entries that had ended when they were read.
    private(set) var expired = 0
    private(set) var own = OwnKeys()
    /// Expiries of guarded keys that another server wrote, or a release of ours that left no notes.
    private(set) var foreign = 0

    /// - Parameter moment: what ended before is left out.
    init(_ denylist: Denylist, at moment: ClockReading, copies: Bool = false) {
        self.denylist = denylist
        keys = denylist.keys
        entries = denylist.writer
        self.moment = moment
        self.copies = copies
    }

    mutating func begin(at moment: ClockReading) { self.moment = moment }

    /// What others write is Unix time: on guarded time, it ends no earlier.
    mutating func readExpiries(by note: TimeNote?) {
        guard !copies else { return }
        isOthers = note == nil
        correction = note.map { -$0.shift } ?? moment.lead
    }

    /// An expiry of a file on the key's own clock.
    @inline(__always)
    private mutating func expiry(_ expiry: Int64, isGuarded: Bool) -> Int64 {
        guard isGuarded, expiry != Expiry.never else { return expiry }
        if isOthers { foreign += 1 }
        let (sum, overflow) = expiry.addingReportingOverflow(correction)
        return overflow ? (correction > 0 ? Expiry.never - 1 : Int64.min) : sum
    }

    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64) {
        set(key, value, expiry: expiry, at: keys.hash(of: key))
    }

    func place(of key: RawSpan) -> KeyHash {
        let hash = keys.hash(of: key)
        keys.prefetch(hash)
        return hash
    }

    @inline(__always)
    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, at hash: KeyHash) {
        guard !OwnKeys.has(key) else { return own.set(key, value) }
        let expiry = self.expiry(expiry, isGuarded: hash.isGuarded)
        guard expiry > (hash.isGuarded ? moment.guarded : moment.wall) else {
            expired += 1
            return remove(key)
        }
        entries.update(key, hash: hash, at: moment) { $0.store(value, expiry: expiry) }
    }

    mutating func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan) {
        guard !OwnKeys.has(key) else { return own.set(key, value) }
        denylist.update(key, hash: denylist.hash(of: key), at: moment) { entry in
            entry.store(value, expiry: entry.exists ? entry.expiry : Expiry.never)
        }
    }

    mutating func setExpiry(_ key: RawSpan, _ expiry: Int64) {
        guard !OwnKeys.has(key) else { return }
        let hash = denylist.hash(of: key)
        let expiry = self.expiry(expiry, isGuarded: hash.isGuarded)
        let now = hash.isGuarded ? moment.guarded : moment.wall
        denylist.update(key, hash: hash, at: moment) { entry in
            guard entry.exists else { return }
            if expiry > now { entry.setExpiry(expiry) } else { entry.remove() }
        }
    }

    mutating func remove(_ key: RawSpan) {
        guard !OwnKeys.has(key) else { return own.remove(key) }
        denylist.update(key, hash: denylist.hash(of: key), at: moment) { $0.remove() }
    }

    mutating func reserve(entries: Int) { denylist.reserve(entries: entries) }

    mutating func removeAll() {
        denylist.lockAll { $0.removeAll() }
        own.removeAll()
    }
}
