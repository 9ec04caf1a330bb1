import AdminHTTP
import PrometheusMetrics
import RevocationHTTP
import TLS

/// What a node says of itself to those who look after it: whether checks can be answered, and what is wrong with keys.
struct NodeHealth: Sendable {
    let denylist: any RevocationChecking
    /// The keys by `iss`, our own among them.
    let keys: [(issuer: String, source: any KeySource)]
    /// The one whose tokens this node issues.
    let ownIssuer: String
    /// Those of the keys that are known to be revoked.
    let revokedKeys: RevokedKeys
    /// Whether users' connections are accepted.
    let accepting: AcceptStatus
    /// What is wrong with streams of events.
    let polling: EventPoller.Problems
    /// The certificate, if there is one.
    let tls: ServerTLS?

    init(
        denylist: any RevocationChecking, own: String, keys: KeyRing, others: [TrustedIssuer],
        revokedKeys: RevokedKeys = RevokedKeys(), accepting: AcceptStatus = AcceptStatus(),
        polling: EventPoller.Problems = EventPoller.Problems(), tls: ServerTLS? = nil
    ) {
        self.tls = tls
        self.accepting = accepting
        self.polling = polling
        self.revokedKeys = revokedKeys
        self.denylist = denylist
        self.keys = [(own, keys)] + others.map { ($0.name, $0.keys) }
        ownIssuer = own
    }

    /// Ready while the store is and there is a key to sign with. Trouble with another issuer's keys is a warning: the
    /// rest goes on.
    func report() async -> ReadinessReport {
        var report = await ReadinessReport(of: denylist)
        let states = keys.map { ($0.issuer, $0.source.status) }
        if report.ready, let own = states.first(where: { $0.0 == ownIssuer })?.1, own.keyCount == 0 {
            report = .notReady("noKeys", own.problems.joined(separator: "; "))
        }
        if report.ready, accepting.hasStopped {
            report = .notReady(
                "notAccepting",
                "no connection is accepted: there are too many, or no descriptors for another one (ulimit -n, LimitNOFILE)"
            )
        }
        var problems = states.flatMap { issuer, status in status.problems.map { "keys of \(issuer): \($0)" } }
        for (issuer, _) in keys {
            problems += revokedKeys.names(of: issuer).map { name in
                "keys of \(issuer): \(name) is revoked and still trusted, take it out of the key set"
            }
        }
        problems += polling.texts
        problems += tls?.status().warnings ?? []
        if !problems.isEmpty { report.warnings = (report.warnings ?? []) + problems }
        return report
    }

    var families: [MetricFamily] {
        var counts = MetricFamily(
            .gauge, "revoked_node_keys", "Keys that an issuer's tokens are verified with; no sample while unknown.")
        var problems = MetricFamily(
            .gauge, "revoked_node_key_problems",
            "What is wrong with an issuer's keys: files that cannot be read, a key set that cannot be got or is empty.")
        var revoked = MetricFamily(
            .gauge, "revoked_node_revoked_keys", "Keys that are revoked and still trusted, as far as known.")
        for (issuer, source) in keys {
            revoked.add(revokedKeys.names(of: issuer).count, ["issuer": issuer])
            let status = source.status
            if let count = status.keyCount { counts.add(count, ["issuer": issuer]) }
            problems.add(status.problems.count, ["issuer": issuer])
        }
        var streams = MetricFamily(
            .gauge, "revoked_node_event_stream_problems",
            "1 while events of an identity provider cannot be polled, or not be carried out.")
        for issuer in polling.issuers { streams.add(polling.includes(issuer) ? 1 : 0, ["issuer": issuer]) }
        return [counts, problems, revoked, streams] + certificateFamilies
    }

    private var certificateFamilies: [MetricFamily] {
        guard let status = tls?.status() else { return [] }
        return [
            MetricFamily(
                .gauge, "revoked_node_tls_certificate_expires_seconds",
                "When the node's certificate expires, in seconds since 1970.", status.expiresAt),
            MetricFamily(
                .counter, "revoked_node_tls_reload_failures_total",
                "Reloads of the certificate that failed: the old one stayed.", status.failures),
            MetricFamily(
                .gauge, "revoked_node_tls_reload_failed", "1 while the last reload of the certificate has failed.",
                status.hasFailed ? 1 : 0),
        ]
    }
}
