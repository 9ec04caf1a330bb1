import AdminHTTP
import Contract
import PrometheusMetrics
import Revocation
import RevocationHTTP

/// What the node's admin HTTP port answers.
struct NodeAdmin: Sendable {
    let health: NodeHealth
    let metrics: PrometheusFactory
    private let process = ProcessFigures()

    init(health: NodeHealth, metrics: PrometheusFactory) {
        self.health = health
        self.metrics = metrics
    }

    private var ready: MetricFamily {
        get async {
            MetricFamily(
                .gauge, "revoked_ready", "1 while /readyz answers that the node can do its work.",
                await health.report().ready ? 1 : 0)
        }
    }

    func answer(_ path: String) async -> AdminResponse? {
        switch path {
        case "/metrics":
            AdminResponse(
                Exposition.text(metrics.families + [await ready] + health.families + process.families),
                contentType: Exposition.contentType)
        case "/healthz": .alive
        case "/readyz": AdminResponse(await health.report())
        default: nil
        }
    }
}

extension ReadinessReport {
    /// Whether checks can be answered.
    init(of denylist: any RevocationChecking) async {
        switch await denylist.readiness() {
        case .ready(let warnings): self = .ready(warnings: warnings)
        case .notReady(let cause): self = .notReady(cause.code.rawValue, cause.message)
        case .clockSkewed(let milliseconds):
            self = .notReady(
                "clockSkewed",
                """
                this machine's clock is \(milliseconds.magnitude / 1_000) s \(milliseconds > 0 ? "ahead of" : "behind") \
                the store's; at most \(Limits.maximumSkewMilliseconds / 1_000) s are allowed: set it right
                """)
        }
    }
}
