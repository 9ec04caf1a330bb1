import Contract
import Denylist
import Persistence
import PrometheusMetrics
import Settings
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The text of `INFO`, under Redis' names where Redis has one.
struct ServerInformation {
    /// The Redis whose commands, error texts and reply types we keep to.
    static let redisVersion = "7.0.15"
    static let revokedVersion = Release.version

    private let daemon: Daemon

    init(_ daemon: Daemon) { self.daemon = daemon }

    /// - Parameter wanted: names of sections in lower case; none, `all`, `everything` or `default` is all of them.
    func text(sections wanted: Set<String>) -> String {
        let everything = wanted.isEmpty || !wanted.isDisjoint(with: ["all", "everything", "default"])
        let sections: [(String, () -> [String])] = [
            ("Server", server), ("Clients", clients), ("Memory", memory),
            ("Persistence", PersistenceFigures(daemon).lines),
            ("Clock", { ClockFigures(daemon).lines }),
            ("Stats", statistics),
            ("Replication", ReplicationFigures(daemon).lines), ("Followers", LeaseFigures(daemon).lines),
            ("CPU", processor),
            ("Modules", { [] }),
            ("Commandstats", commands), ("Errorstats", errors), ("Latencystats", latencies),
            ("TLS", TLSFigures(daemon).lines),
            ("Cluster", { ["cluster_enabled:0"] }), ("Keyspace", keyspace),
        ]
        let shown = sections.filter { name, _ in
            if wanted.contains(name.lowercased()) { return true }
            // As in Redis, only those who ask for them get the longest sections.
            let isLong = name == "Commandstats" || name == "Latencystats"
            return isLong ? !wanted.isDisjoint(with: ["all", "everything"]) : everything
        }
        return shown.map { "# \($0.0)\r\n" + $0.1().map { $0 + "\r\n" }.joined() }.joined(separator: "\r\n")
    }

    private func server() -> [String] {
        let uptime = (daemon.clock.uptime() - daemon.startedAt) / 1000
        return [
            "server_name:revoked", "revoked_version:\(Self.revokedVersion)", "redis_version:\(Self.redisVersion)",
            "redis_mode:standalone", "process_id:\(getpid())", "run_id:\(daemon.runID)",
            "tcp_port:\(daemon.port.load(ordering: .relaxed))",
            "os:\(Self.operatingSystem)", "arch_bits:\(Int.bitWidth)", "hz:10", "configured_hz:10",
            "config_file:", "multiplexing_api:\(daemon.configuration.transport.rawValue)",
            "io_threads:\(daemon.configuration.threads)",
            "uptime_in_seconds:\(uptime)", "uptime_in_days:\(uptime / 86_400)",
            "guarded_prefix:\(daemon.configuration.guardedPrefix)",
            "max_revocation_seconds:\(daemon.configuration.maximumRevocation)",
        ]
    }

    private func clients() -> [String] {
        [
            "connected_clients:\(daemon.clients.count)",
            "maxclients:\(daemon.clients.maximum.load(ordering: .relaxed))",
            "blocked_clients:\(daemon.pause.waiting.load(ordering: .relaxed))",
            "tracking_clients:\(daemon.tracking.figures.clients)",
            "older_nodes:\(daemon.counters.olderNodes.load(ordering: .relaxed))",
        ]
    }

    private func memory() -> [String] {
        let used = daemon.denylist.statistics.bytes
        let most = daemon.denylist.maximumBytes
        let resident = ProcessFigures.residentBytes() ?? 0
        // The most that anybody has asked for.
        let peak = max(used, daemon.peakMemory.max(used, ordering: .relaxed).newValue)
        return [
            "used_memory:\(used)", "used_memory_human:\(MemorySize.describe(used))",
            "used_memory_peak:\(peak)", "used_memory_peak_human:\(MemorySize.describe(peak))",
            "used_memory_rss:\(resident)", "used_memory_rss_human:\(MemorySize.describe(resident))",
            "mem_fragmentation_ratio:\(Self.hundredths(Double(resident) / Double(max(1, used))))",
            "total_system_memory:\(Self.systemMemory)",
            "total_system_memory_human:\(MemorySize.describe(Self.systemMemory))", "maxmemory:\(most)",
            "maxmemory_human:\(MemorySize.describe(most))", "maxmemory_policy:noeviction",
            "guarded_reserve:\(daemon.memory.reserved)", "query_buffers:\(daemon.counters.allInput)",
            "mem_clients_normal:\(daemon.counters.waitingBytes)",
            "mem_subscriptions:\(daemon.channels.memory)", "mem_messages:\(daemon.mail.bytes)",
            "mem_aof_buffer:\(daemon.persistence?.log.queuedBytes ?? 0)",
        ] + Self.noMemory
    }

    private func statistics() -> [String] {
        let totals = daemon.counters.totalsSinceReset
        let rates = daemon.rates.withLock { $0 }
        return [
            "total_connections_received:\(totals[.connections])",
            "total_commands_processed:\(totals.commands)",
            "instantaneous_ops_per_sec:\(rates.commands)",
            "total_net_input_bytes:\(totals[.bytesIn])",
            "total_net_output_bytes:\(totals[.bytesOut])",
            "instantaneous_input_kbps:\(Self.hundredths(rates.kibibytesIn))",
            "instantaneous_output_kbps:\(Self.hundredths(rates.kibibytesOut))",
            "rejected_connections:\(totals[.rejectedConnections])", "evicted_clients:\(totals[.evictedConnections])",
            "unauthenticated_closed:\(totals[.unauthenticatedConnections])", "strangers_closed:\(totals[.strangers])",
            "expired_keys:\(daemon.denylist.statistics.expired)", "evicted_keys:0",
            "keyspace_hits:\(totals.hits)",
            "keyspace_misses:\(totals.misses)",
            "pubsub_channels:\(daemon.channels.count(.channel))", "pubsub_patterns:\(daemon.channels.count(.pattern))",
            "pubsubshard_channels:\(daemon.channels.count(.shardChannel))",
            "tracking_total_keys:\(daemon.tracking.figures.keys)",
            "tracking_total_items:\(daemon.tracking.figures.items)",
            "tracking_total_prefixes:\(daemon.tracking.figures.prefixes)",
            "published_messages:\(totals[.publishedMessages])", "delivered_messages:\(totals[.deliveredMessages])",
            "slow_subscribers_closed:\(totals[.slowSubscribers])",
            "total_error_replies:\(totals[.allErrors])",
            "acl_access_denied_auth:\(totals[.denials(.auth)])", "acl_access_denied_cmd:\(totals[.denials(.command)])",
            "acl_access_denied_key:\(totals[.denials(.key)])",
            "acl_access_denied_channel:\(totals[.denials(.channel)])",
            "acl_access_denied_tls_cert:\(totals[.denials(.certificate)])",
            "refused_for_memory:\(totals[.refusedForMemory])",
        ] + ReplicationFigures(daemon).statistics + Self.noStatistics
    }

    /// Redis' line for each command that was called. Of most commands some calls are timed, and stand for all
    /// (``SlowLog``).
    private func commands() -> [String] {
        let (totals, subcommands) = (daemon.counters.totalsSinceReset, daemon.subcommands.all)
        let own = CommandTable.names.enumerated().compactMap { index, name in
            var figures = SubcommandFigures.Figures()
            figures.rejections = totals[.rejections(index)]
            // What has subcommands is counted under their names.
            let entry = CommandCatalog.shared.commands[index]
            if entry.mayStandAlone {
                let others = entry.subcommands.compactMap { subcommands[$0.bit] }
                figures.calls = others.reduce(totals[.calls(index)]) { $0 - $1.calls - $1.rejections }
                figures.failures = others.reduce(totals[.failures(index)]) { $0 - $1.failures - $1.rejections }
            }
            let average = Double(totals[.nanoseconds(index)]) / Double(max(1, totals[.timedCalls(index)]))
            return Self.line(name, figures, nanoseconds: average)
        }
        let others = subcommands.sorted { $0.key < $1.key }.compactMap { place, figures in
            CommandCatalog.shared.name(of: place).flatMap {
                Self.line($0, figures, nanoseconds: Double(figures.nanoseconds) / Double(max(1, figures.calls)))
            }
        }
        return own + others
    }

    /// - Parameter nanoseconds: of one call.
    private static func line(_ name: String, _ figures: SubcommandFigures.Figures, nanoseconds: Double) -> String? {
        guard figures.calls > 0 || figures.rejections > 0 else { return nil }
        return "cmdstat_\(name):calls=\(figures.calls),usec=\(Int(nanoseconds * Double(figures.calls) / 1000)),"
            + "usec_per_call=\(hundredths(nanoseconds / 1000)),rejected_calls=\(figures.rejections),"
            + "failed_calls=\(figures.failures)"
    }

    private func errors() -> [String] {
        let totals = daemon.counters.totalsSinceReset
        return ErrorCode.allCases.compactMap { code in
            let count = totals[.errors(code)]
            return count > 0 ? "errorstat_\(code.word):count=\(count)" : nil
        }
    }

    /// Microseconds, with nanoseconds behind the point.
    private func latencies() -> [String] {
        daemon.latencies.all.sorted { $0.key < $1.key }.map { index, histogram in
            let percentiles = [("50", 50), ("99", 99), ("99.9", 99.9)].map { name, percent in
                let nanoseconds = histogram.percentile(percent)
                return "p\(name)=\(nanoseconds / 1000).\(String(1000 + nanoseconds % 1000).dropFirst())"
            }
            return
                "latency_percentiles_usec_\(CommandCatalog.shared.name(of: index) ?? ""):\(percentiles.joined(separator: ","))"
        }
    }

    private static func hundredths(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    private func processor() -> [String] {
        let used = ProcessFigures.processorTime()
        func micros(_ seconds: Double) -> String {
            let micros = Int((seconds * 1e6).rounded())
            return "\(micros / 1_000_000).\(String(1_000_000 + micros % 1_000_000).dropFirst())"
        }
        return ["used_cpu_sys:\(micros(used.system))", "used_cpu_user:\(micros(used.user))"]
    }

    private func keyspace() -> [String] {
        daemon.denylist.databases.compactMap { database in
            let keys = daemon.keyCount(of: database.number)
            return keys > 0
                ? "db\(database.number):keys=\(keys),expires=\(database.statistics.expiring),avg_ttl=0" : nil
        }
    }
}
