import Denylist

/// Fills the table with what files say. What they say later replaces what they said before: nothing is merged, so that
/// an undo stays undone.
struct TableSink: RecordSink, ~Copyable {
    private let denylist: Denylist
    private let moment: Moment
    /// Entries that had expired when they were read.
    private(set) var expired = 0

    /// - Parameter now: Unix milliseconds; what expired before is left out.
    init(_ denylist: Denylist, now: Int64) {
        self.denylist = denylist
        moment = Moment(wall: now, guarded: now)
    }

    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64) {
        guard expiry > moment.wall else {
            expired += 1
            return remove(key)
        }
        denylist.update(key, hash: denylist.hash(of: key), at: moment) { $0.store(value, expiry: expiry) }
    }

    mutating func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan) {
        denylist.update(key, hash: denylist.hash(of: key), at: moment) { entry in
            entry.store(value, expiry: entry.exists ? entry.expiry : Expiry.never)
        }
    }

    mutating func setExpiry(_ key: RawSpan, _ expiry: Int64) {
        denylist.update(key, hash: denylist.hash(of: key), at: moment) { entry in
            guard entry.exists else { return }
            if expiry > moment.wall { entry.setExpiry(expiry) } else { entry.remove() }
        }
    }

    mutating func remove(_ key: RawSpan) {
        denylist.update(key, hash: denylist.hash(of: key), at: moment) { $0.remove() }
    }

    mutating func removeAll() { denylist.lockAll { $0.removeAll() } }
}
