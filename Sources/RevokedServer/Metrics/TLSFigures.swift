import PrometheusMetrics
import Synchronization
import TLS

/// What is told of the TLS port; nothing without one.
struct TLSFigures {
    private let status: ServerTLS.Status?
    private let port: Int
    private let totals: CounterTotals

    init(_ daemon: Daemon) {
        status = daemon.tls?.status()
        port = daemon.tlsPort.load(ordering: .relaxed)
        totals = daemon.counters.totals
    }

    /// For `INFO`.
    func lines() -> [String] {
        guard let status else { return ["tls_port:0"] }
        return [
            "tls_port:\(port)", "tls_certificate_expires:\(status.expiresAt)",
            "tls_handshake_failures:\(totals[.failedHandshakes])", "tls_reload_failures:\(status.failures)",
            "tls_last_reload_status:\(status.hasFailed ? "err" : "ok")",
        ]
    }

    /// For `/metrics`.
    var families: [MetricFamily] {
        guard let status else { return [] }
        return [
            MetricFamily(
                .gauge, "revoked_tls_certificate_expires_seconds",
                "When the certificate of the TLS port expires, in seconds since 1970.", status.expiresAt),
            MetricFamily(
                .counter, "revoked_tls_reload_failures_total",
                "Reloads of the certificate that failed: the old one stayed.", status.failures),
            MetricFamily(
                .gauge, "revoked_tls_reload_failed", "1 while the last reload of the certificate has failed.",
                status.hasFailed ? 1 : 0),
            MetricFamily(
                .counter, "revoked_tls_handshake_failures_total",
                "Connections closed because their TLS handshake failed or took too long.", totals[.failedHandshakes]),
        ]
    }
}
