import AdminHTTP
import PrometheusMetrics
import Revocation

/// What a follower's admin HTTP port answers.
struct FollowingAdmin: Sendable {
    let copy: FollowedCopy
    let server: FollowingServer
    let metrics: PrometheusFactory
    private let process = ProcessFigures()

    init(copy: FollowedCopy, server: FollowingServer, metrics: PrometheusFactory) {
        self.copy = copy
        self.server = server
        self.metrics = metrics
    }

    func answer(_ path: String) -> AdminResponse? {
        switch path {
        case "/metrics":
            AdminResponse(
                Exposition.text(metrics.families + families + process.families), contentType: Exposition.contentType)
        case "/healthz": .alive
        case "/readyz": AdminResponse(readiness)
        default: nil
        }
    }

    /// Without a lease it passes everything on, and is ready all the same.
    private var readiness: ReadinessReport {
        switch copy.state {
        case .held: .ready()
        case .asking(let warning): .ready(warnings: [warning])
        case .unreachable: .notReady("unreachable", "there is no connection to the daemon at \(copy.place)")
        }
    }

    private var families: [MetricFamily] {
        let (figures, clients) = (copy.figures, server.figures)
        return [
            MetricFamily(.gauge, "revoked_following_clients", "Connections of clients.", clients.clients),
            MetricFamily(
                .counter, "revoked_following_refused_clients_total", "Connections beyond maxclients.", clients.refused),
            MetricFamily(.gauge, "revoked_following_entries", "Revocations in the copy.", figures.entries),
            MetricFamily(.gauge, "revoked_following_copy_bytes", "Memory of the copy.", figures.bytes),
            MetricFamily(
                .gauge, "revoked_ready", "1 while /readyz answers that the follower can do its work.",
                readiness.ready ? 1 : 0),
        ]
    }
}
