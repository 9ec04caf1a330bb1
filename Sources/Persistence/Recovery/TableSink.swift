import Denylist

/// Fills the table with what files say. What they say later replaces what they said before: nothing is merged, so that
/// an undo stays undone. What they say of the daemon's own keys is kept apart: those come from a file of their own.
struct TableSink: RecordSink, ~Copyable {
    private let denylist: Denylist
    /// The same, without counting references.
    private let keys: Denylist.Keys
    private let moment: Moment
    /// Entries that had expired when they were read.
    private(set) var expired = 0
    private(set) var own = OwnKeys()

    /// - Parameter now: Unix milliseconds; what expired before is left out.
    init(_ denylist: Denylist, now: Int64) {
        self.denylist = denylist
        keys = denylist.keys
        moment = Moment(wall: now, guarded: now)
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
        guard expiry > moment.wall else {
            expired += 1
            return remove(key)
        }
        keys.update(key, hash: hash, at: moment) { $0.store(value, expiry: expiry) }
    }

    mutating func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan) {
        guard !OwnKeys.has(key) else { return own.set(key, value) }
        denylist.update(key, hash: denylist.hash(of: key), at: moment) { entry in
            entry.store(value, expiry: entry.exists ? entry.expiry : Expiry.never)
        }
    }

    mutating func setExpiry(_ key: RawSpan, _ expiry: Int64) {
        guard !OwnKeys.has(key) else { return }
        denylist.update(key, hash: denylist.hash(of: key), at: moment) { entry in
            guard entry.exists else { return }
            if expiry > moment.wall { entry.setExpiry(expiry) } else { entry.remove() }
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
