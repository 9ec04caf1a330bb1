import Persistence
import Synchronization

/// `INFO replication`, and what `INFO stats` says of it.
struct ReplicationFigures {
    private let daemon: Daemon

    init(_ daemon: Daemon) { self.daemon = daemon }

    func lines() -> [String] {
        let (log, now) = (daemon.persistence?.log, daemon.clock.uptime())
        let isCopied = log?.stretchID.isEmpty == false
        let replicas = daemon.replicas.all
        var lines = ["role:master", "connected_slaves:\(replicas.count)"]
        for (index, replica) in replicas.enumerated() {
            let progress = replica.progress.withLock { $0 }
            lines.append(
                "slave\(index):ip=\(replica.host),port=\(replica.port),state=\(progress.isOnline ? "online" : "send_bulk"),"
                    + "offset=\(progress.acknowledged),lag=\((now - progress.acknowledgedAt) / 1000)")
        }
        let end = log?.streamEnd ?? 0
        let earlier = log?.earlierStretch
        return lines + [
            "master_failover_state:no-failover",
            "master_replid:\(isCopied ? log!.stretchID : daemon.runID)",
            "master_replid2:\(earlier?.id ?? String(repeating: "0", count: 40))", "master_repl_offset:\(end)",
            "second_repl_offset:\(earlier.map { "\($0.end + 1)" } ?? "-1")", "repl_backlog_active:\(isCopied ? 1 : 0)",
            "repl_backlog_size:\(log?.size ?? 0)",
            "repl_backlog_first_byte_offset:\(isCopied ? 1 : 0)", "repl_backlog_histlen:\(end)",
            "lease_ms:\(daemon.replicas.leases.length)",
        ]
            + (daemon.importer.map { $0.figures.lines(source: $0.source.name, acknowledged: log?.acknowledged ?? 0) }
                ?? [])
    }

    var statistics: [String] {
        let counts = daemon.replicas.counts
        return [
            "sync_full:\(counts.wholeCopies)", "sync_partial_ok:\(counts.partialCopies)", "sync_partial_err:0",
        ]
    }
}
