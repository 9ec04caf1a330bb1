import Denylist
import RESP

/// The keys of a database as a whole. The daemon's own, in database 0, are left out.
extension Daemon {
    /// The keys that `DBSIZE` counts. Expired ones that are not reclaimed yet are counted, as in Redis.
    func keyCount(of database: Int) -> Int {
        guard let table = denylist.database(database) else { return 0 }
        guard database == 0 else { return table.statistics.entries }
        let moment = clock.now()
        let own = OwnKey.allCases.count { own in
            own.withBytes { denylist.contains($0, hash: denylist.hash(of: $0), at: moment) }
        }
        return max(0, table.statistics.entries - own)
    }

    /// Visits about `count` live entries from `cursor` on, as Redis' `SCAN` does.
    func scan(
        _ database: Int, from cursor: UInt64, count: Int, at moment: ClockReading, _ visit: (_ key: RawSpan) -> Void
    ) -> UInt64 {
        guard let table = denylist.database(database) else { return 0 }
        return table.scan(from: cursor, count: count, at: moment) { key in
            if database != 0 || OwnKey(key) == nil { visit(key) }
        }
    }

    /// Calls `visit` with a random live key.
    /// - Returns: false if there is none.
    func visitRandomKey(of database: Int, at moment: ClockReading, _ visit: (_ key: RawSpan) -> Void) -> Bool {
        guard let table = denylist.database(database) else { return false }
        // Where the own keys are not nearly all that there is, few attempts are enough.
        for _ in 0..<16 {
            let isVisited = table.random(at: moment) { key in
                guard database != 0 || OwnKey(key) == nil else { return false }
                visit(key)
                return true
            }
            guard let isVisited else { return false }
            if isVisited { return true }
        }
        var isVisited = false
        var cursor: UInt64 = 0
        repeat {
            cursor = scan(database, from: cursor, count: 64, at: moment) { key in
                guard !isVisited else { return }
                visit(key)
                isVisited = true
            }
        } while cursor != 0 && !isVisited
        return isVisited
    }
}
