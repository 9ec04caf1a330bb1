import Metrics

/// What a follower counts (swift-metrics), each under a label that begins with `revoked_client_`:
///
/// | label | dimensions | what |
/// |---|---|---|
/// | `local_checks_total` | `answered`: `local`, `asked` | verdicts of a list that follows, and where they were found |
/// | `local_copies_total` | | whole copies that were begun |
/// | `local_lease_held` | | 1 while a lease is held |
/// | `local_behind_bytes` | | how far the copy was behind the daemon's log when the lease was last renewed |
/// | `local_memory_bytes` | | what the copy takes |
final class FollowerMetrics: Sendable {
    private static let prefix = "revoked_client_local_"

    private let local: Counter
    private let asked: Counter
    private let copies: Counter
    private let held: Gauge
    private let behind: Gauge
    private let memory: Gauge
    private let areEnabled: Bool

    init(_ factory: any MetricsFactory = MetricsSystem.factory) {
        areEnabled = !(factory is NOOPMetricsHandler)
        func counter(_ answered: String) -> Counter {
            Counter(label: Self.prefix + "checks_total", dimensions: [("answered", answered)], factory: factory)
        }
        local = counter("local")
        asked = counter("asked")
        copies = Counter(label: Self.prefix + "copies_total", dimensions: [], factory: factory)
        func gauge(_ name: String) -> Gauge { Gauge(label: Self.prefix + name, dimensions: [], factory: factory) }
        held = gauge("lease_held")
        behind = gauge("behind_bytes")
        memory = gauge("memory_bytes")
    }

    @inline(__always)
    func checked(isLocal: Bool) {
        guard areEnabled else { return }
        (isLocal ? local : asked).increment()
    }

    func copied() { copies.increment() }

    func granted(isHeld: Bool, behind: UInt64, bytes: Int) {
        guard areEnabled else { return }
        held.record(isHeld ? 1 : 0)
        self.behind.record(Int64(clamping: behind))
        memory.record(bytes)
    }
}
