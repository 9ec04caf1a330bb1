import Denylist
import RESP
import Synchronization

/// What was denied lately: `ACL LOG`. Repetitions are counted, as in Redis. Nothing of a guarded key but its scope is
/// kept, and the beginning of another: an identifier is nobody's business who reads a log.
final class DenialLog: Sendable {
    enum Reason: String, Sendable, CaseIterable {
        case command, key, channel, auth
        /// A certificate names no user, or one that is off.
        case certificate = "tls-cert"
    }

    struct Entry: Sendable {
        var count = 1
        let reason: Reason
        /// The command, or the key.
        let object: [UInt8]
        /// A name, if a user has it. Another may be a password that was given for a name.
        let user: [UInt8]
        /// Milliseconds of ``ServerClock/uptime()``.
        var at: Int64
        /// As `CLIENT INFO` describes the connection.
        var client: String
    }

    /// Repetitions within this time count as one entry, in milliseconds.
    private static let groupingTime: Int64 = 60_000
    /// How many of the newest entries are looked at for one that is repeated.
    private static let compared = 10
    private static let shownBytes = 128
    fileprivate static let shownKeyBytes = 16

    private let entries = Mutex([Entry]())
    let maximum: Atomic<Int>

    init(maximum: Int) { self.maximum = Atomic(maximum) }

    /// - Parameters:
    ///   - object: cut at 128 bytes.
    ///   - user: cut at 128 bytes, too.
    func add(_ reason: Reason, _ object: [UInt8], user: [UInt8], at now: Int64, client: String) {
        let (object, user) = (Array(object.prefix(Self.shownBytes)), Array(user.prefix(Self.shownBytes)))
        let maximum = maximum.load(ordering: .relaxed)
        entries.withLock { entries in
            let same = entries.prefix(Self.compared).firstIndex {
                $0.reason == reason && $0.object == object && $0.user == user && now - $0.at <= Self.groupingTime
            }
            if let same {
                var entry = entries.remove(at: same)
                entry.count += 1
                (entry.at, entry.client) = (now, client)
                entries.insert(entry, at: 0)
            } else {
                entries.insert(Entry(reason: reason, object: object, user: user, at: now, client: client), at: 0)
            }
            if entries.count > maximum { entries.removeLast(entries.count - maximum) }
        }
    }

    /// The newest ones, the newest first.
    func newest(_ count: Int) -> [Entry] { entries.withLock { Array($0.prefix(count)) } }

    func reset() { entries.withLock { $0 = [] } }
}

extension Daemon {
    /// A key as a log may show it: of a guarded one only what scope it has, of another the beginning.
    func shown(_ key: RawSpan) -> [UInt8] {
        let prefix = GuardedPrefix(bytes: Array(configuration.guardedPrefix.utf8))
        guard let scope = prefix.scope(of: key) else {
            // It may be a token, or an identifier: the beginning tells which rule it needs, and no more.
            return key.withUnsafeBytes { Array($0.prefix(DenialLog.shownKeyBytes)) }
        }
        return prefix.bytes + Array("(\(scope.label))".utf8)
    }
}
