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
            ("Stats", statistics), ("Replication", { ["role:master", "connected_slaves:0"] }), ("CPU", processor),
            ("Commandstats", commands), ("Errorstats", errors),
            ("Cluster", { ["cluster_enabled:0"] }), ("Keyspace", keyspace),
        ]
        let shown = sections.filter { name, _ in
            if wanted.contains(name.lowercased()) { return true }
            // As in Redis, only those who ask for it get the longest section.
            return name == "Commandstats" ? !wanted.isDisjoint(with: ["all", "everything"]) : everything
        }
        return shown.map { "# \($0.0)\r\n" + $0.1().map { $0 + "\r\n" }.joined() }.joined(separator: "\r\n")
    }

    private func server() -> [String] {
        let uptime = (daemon.clock.uptime() - daemon.startedAt) / 1000
        return [
            "server_name:revoked", "revoked_version:\(Self.revokedVersion)", "redis_version:\(Self.redisVersion)",
            "redis_mode:standalone", "process_id:\(getpid())", "run_id:\(daemon.runID)",
            "tcp_port:\(daemon.port.load(ordering: .relaxed))",
            "multiplexing_api:\(daemon.configuration.transport.rawValue)",
            "io_threads:\(daemon.configuration.threads)",
            "uptime_in_seconds:\(uptime)", "uptime_in_days:\(uptime / 86_400)",
            "guarded_prefix:\(daemon.configuration.guardedPrefix)",
            "max_revocation_seconds:\(daemon.configuration.maximumRevocation)",
        ]
    }

    private func clients() -> [String] {
        [
            "connected_clients:\(daemon.clients.count)",
            "maxclients:\(daemon.clients.maximum.load(ordering: .relaxed))", "blocked_clients:0",
            "older_nodes:\(daemon.counters.olderNodes.load(ordering: .relaxed))",
        ]
    }

    private func memory() -> [String] {
        let used = daemon.denylist.statistics.bytes
        let most = daemon.denylist.maximumBytes
        return [
            "used_memory:\(used)", "used_memory_human:\(MemorySize.describe(used))",
            "used_memory_rss:\(ProcessFigures.residentBytes() ?? 0)", "maxmemory:\(most)",
            "maxmemory_human:\(MemorySize.describe(most))", "maxmemory_policy:noeviction",
            "guarded_reserve:\(daemon.memory.reserved)", "query_buffers:\(daemon.counters.allInput)",
            "mem_clients_normal:\(daemon.counters.waitingBytes)",
            "mem_aof_buffer:\(daemon.persistence?.log.queuedBytes ?? 0)",
        ]
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
            "total_error_replies:\(totals[.allErrors])",
            "refused_for_memory:\(totals[.refusedForMemory])",
        ]
    }

    /// Redis' line for each command that was called; without its times, which nobody takes.
    private func commands() -> [String] {
        let totals = daemon.counters.totalsSinceReset
        return CommandTable.names.enumerated().compactMap { index, name in
            let (calls, rejections) = (totals[.calls(index)], totals[.rejections(index)])
            guard calls > 0 || rejections > 0 else { return nil }
            return "cmdstat_\(name):calls=\(calls),rejected_calls=\(rejections),"
                + "failed_calls=\(totals[.failures(index)])"
        }
    }

    private func errors() -> [String] {
        let totals = daemon.counters.totalsSinceReset
        return ErrorCode.allCases.compactMap { code in
            let count = totals[.errors(code)]
            return count > 0 ? "errorstat_\(code.word):count=\(count)" : nil
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
        let keys = daemon.keyCount
        guard keys > 0 else { return [] }
        return ["db0:keys=\(keys),expires=\(daemon.denylist.statistics.expiring),avg_ttl=0"]
    }
}
