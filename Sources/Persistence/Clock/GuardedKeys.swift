import Denylist

/// Tells which keys expire by guarded time: the denylist's own rule.
struct GuardedKeys: Sendable {
    /// Keeps ``keys`` valid.
    private let denylist: Denylist
    private let keys: Denylist.Keys

    init(_ denylist: Denylist) {
        self.denylist = denylist
        keys = denylist.keys
    }

    @inline(__always)
    func contains(_ key: RawSpan) -> Bool { keys.isGuarded(key) }
}
