import Synchronization

/// States of the daemon in which a command takes more than its execution; nearly always none. One look tells.
final class ServingConditions: Sendable {
    struct Set: OptionSet, Sendable {
        let rawValue: UInt8
        /// The data directory is being read.
        static let loading = Set(rawValue: 1)
        /// Clients are paused (`CLIENT PAUSE`).
        static let paused = Set(rawValue: 2)
        /// A client sees what others execute (`MONITOR`).
        static let monitored = Set(rawValue: 4)
    }

    private let bits = Atomic<UInt8>(0)

    @inline(__always)
    var now: Set { Set(rawValue: bits.load(ordering: .acquiring)) }

    func begin(_ condition: Set) { bits.bitwiseOr(condition.rawValue, ordering: .releasing) }
    func end(_ condition: Set) { bits.bitwiseAnd(~condition.rawValue, ordering: .releasing) }
}
