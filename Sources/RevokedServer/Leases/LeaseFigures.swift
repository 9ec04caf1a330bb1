import Persistence
import PrometheusMetrics

/// `INFO followers`, and what `/metrics` tells of leases.
struct LeaseFigures {
    private let daemon: Daemon
    private let followers: [Replica]

    init(_ daemon: Daemon) {
        self.daemon = daemon
        followers = daemon.replicas.all.filter { $0.follower != nil }
    }

    private var leases: Leases { daemon.replicas.leases }

    func lines() -> [String] {
        let (counts, end) = (leases.counts, daemon.persistence?.log.streamEnd ?? 0)
        let each = followers.enumerated().map { index, follower in
            let (applied, left) = leases.standing(of: follower)
            let position = min(end, applied ?? 0)
            return "follower\(index):name=\(follower.name),addr=\(follower.client.address),lease_left_ms=\(left),"
                + "applied=\(applied.map { "\($0)" } ?? "none"),behind=\(end - position)"
        }
        return [
            "max_followers:\(daemon.configuration.maximumFollowers)",
            "followers:\(followers.count)", "leases_held:\(leases.holderCount)", "leases_granted:\(counts.granted)",
            "leases_refused:\(counts.refused)", "leases_waited_out:\(counts.waitedOut)",
            "leases_waited_ms:\(counts.waited)",
        ] + each
    }

    var families: [MetricFamily] {
        let counts = leases.counts
        var waits = MetricFamily(
            .histogram, "revoked_follower_wait_duration_seconds",
            "Time that revocations waited for followers once they were on disk; one of each millisecond.")
        waits.add(leases.waits.snapshot)
        return [
            MetricFamily(.gauge, "revoked_followers", "Followers that are connected.", followers.count),
            MetricFamily(
                .gauge, "revoked_leases_held", "Followers that hold a lease, those that are gone included.",
                leases.holderCount),
            MetricFamily(.counter, "revoked_leases_granted_total", "Leases granted or renewed.", counts.granted),
            MetricFamily(
                .counter, "revoked_leases_refused_total", "Leases that were asked for and not granted.", counts.refused
            ),
            MetricFamily(
                .counter, "revoked_leases_waited_out_total",
                "Leases that ran out while a revocation waited for their follower.", counts.waitedOut),
            MetricFamily(
                .counter, "revoked_leases_waited_seconds_total", "Time that revocations waited for them.",
                Double(counts.waited) / 1000),
            waits,
        ]
    }
}
