import Denylist
import Persistence
import RESP

/// The store as writes see it: every change is logged under the lock that it is made under, so the log's order is the
/// order in which others see the values.
struct LoggedDenylist: Sendable {
    let denylist: Denylist.Keys
    /// nil if nothing is logged.
    let log: AppendLog?

    /// Reads and changes one entry, and logs what has come of it.
    /// - Parameter position: becomes what the write's reply has to wait for, 0 if for nothing.
    func update<Result>(
        _ key: RawSpan, hash: KeyHash, at moment: ClockReading, _ position: inout UInt64,
        _ body: (inout Entry) -> Result
    ) -> Result {
        guard let log else { return denylist.update(key, hash: hash, at: moment, body) }
        var end: UInt64 = 0
        let result = denylist.update(key, hash: hash, at: moment) { entry in
            let result = body(&entry)
            end =
                switch entry.change {
                // What it found may not be on disk yet.
                case .none: log.end
                case .removed: log.append(remove: key)
                case .stored: Self.log(entry, key, at: moment, to: log)
                }
            return result
        }
        position = end
        return result
    }

    private static func log(_ entry: borrowing Entry, _ key: RawSpan, at moment: ClockReading, to log: AppendLog)
        -> UInt64
    {
        let expiry = entry.expiry
        guard expiry > 0 else { return log.append(remove: key) }
        return entry.withValue { log.append(set: key, $0, expiry: expiry, at: moment) }
    }
}
