import AdminHTTP
import Denylist
import Persistence
import PrometheusMetrics
import Synchronization
import TLS

/// What the daemon's admin HTTP port answers.
struct DaemonAdmin: Sendable {
    /// About what a new revocation takes.
    private static let entryBytes = 128

    let daemon: Daemon

    func answer(_ path: String) -> AdminResponse? {
        switch path {
        case "/metrics":
            AdminResponse(Exposition.text(DaemonMetrics(daemon).families), contentType: Exposition.contentType)
        case "/healthz": .alive
        case "/readyz": AdminResponse(readiness)
        default: nil
        }
    }

    /// Not ready while the data directory is read, and while revocations are refused.
    var readiness: ReadinessReport {
        if let importer = daemon.importer, daemon.loading.isActive, !daemon.loading.isReading {
            return .notReady("import", "the keys of \(importer.source.name) are being copied")
        }
        if daemon.loading.isActive {
            return .notReady("loading", "the data directory is being read: \(Int(daemon.loading.percentage)) %")
        }
        if let refusal = daemon.persistence?.log.refusal { return .notReady("misconf", refusal) }
        if daemon.denylist.isFull(adding: Self.entryBytes) {
            return .notReady("oom", "maxmemory is reached: new revocations are refused")
        }
        let demand = daemon.identity.withLock { $0.flatMap { $0.isPending ? $0.demand : nil } }
        let warnings =
            (daemon.tls?.status().warnings ?? [])
            + [
                daemon.olderNodesWarning,
                demand.map { "the epoch is \"\($0)\": clients deny until an operator runs revoked accept" },
                daemon.clockRequest, daemon.importer?.figures.complaint,
                daemon.persistence.flatMap { $0.information.noticesCopies ? nil : Persistence.copiesGoUnnoticed },
            ].compactMap { $0 }
        return .ready(warnings: warnings.isEmpty ? nil : warnings)
    }
}
