import Denylist

@testable import Persistence

struct Stored: Equatable {
    var value: [UInt8]
    var expiry: Int64
}

typealias Contents = [[UInt8]: Stored]

extension RawSpan {
    var bytes: [UInt8] { withUnsafeBytes(Array.init) }
}

extension ClockReading {
    static let start = ClockReading(wall: 1_700_000_000_000, guarded: 1_700_000_000_000)
}

extension Denylist {
    static func small(shards: Int = 1) -> Denylist {
        var configuration = Configuration()
        configuration.shards = shards
        configuration.hashKey = (1, 2)
        return Denylist(configuration)
    }

    /// All live entries.
    var contents: Contents { contents(at: .start) }

    func contents(at moment: ClockReading) -> Contents {
        var found: Contents = [:]
        var cursor: UInt64 = 0
        repeat {
            cursor = scan(from: cursor, count: 1000, at: moment) { key, value, expiry in
                found[key.bytes] = Stored(value: value.bytes, expiry: expiry)
            }
        } while cursor != 0
        return found
    }

    /// Stores and logs, as the daemon does.
    @discardableResult
    func set(_ key: [UInt8], _ value: [UInt8], expiry: Int64 = Expiry.never, _ log: AppendLog) -> UInt64 {
        let key = key.span.bytes
        return update(key, hash: hash(of: key), at: .start) { entry in
            entry.store(value.span.bytes, expiry: expiry)
            return log.append(
                set: key, value.span.bytes, expiry: expiry, isGuarded: hash(of: key).isGuarded, at: .start)
        }
    }

    @discardableResult
    func remove(_ key: [UInt8], _ log: AppendLog) -> UInt64 {
        let key = key.span.bytes
        return update(key, hash: hash(of: key), at: .start) { entry in
            entry.remove()
            return log.append(remove: key)
        }
    }

    /// Removes everything.
    @discardableResult
    func removeAll(_ log: AppendLog) -> UInt64 {
        lockAll { locked in
            locked.removeAll()
            return log.append(at: .start) { $0.removeAll() }
        }
    }
}
