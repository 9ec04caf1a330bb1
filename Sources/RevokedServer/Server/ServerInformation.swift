import Contract
import Denylist
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
    static let revokedVersion = "0.1.0"

    #if canImport(Glibc)
        private static let thisProcess = __rusage_who_t(RUSAGE_SELF.rawValue)
    #else
        private static let thisProcess = RUSAGE_SELF
    #endif

    private let daemon: Daemon

    init(_ daemon: Daemon) { self.daemon = daemon }

    /// - Parameter wanted: names of sections in lower case; none, `all`, `everything` or `default` is all of them.
    func text(sections wanted: Set<String>) -> String {
        let everything = wanted.isEmpty || !wanted.isDisjoint(with: ["all", "everything", "default"])
        let sections: [(String, () -> [String])] = [
            ("Server", server), ("Clients", clients), ("Memory", memory),
            ("Persistence", PersistenceFigures(daemon).lines),
            ("Stats", statistics), ("Replication", { ["role:master", "connected_slaves:0"] }), ("CPU", processor),
            ("Cluster", { ["cluster_enabled:0"] }), ("Keyspace", keyspace),
        ]
        return sections.filter { everything || wanted.contains($0.0.lowercased()) }
            .map { "# \($0.0)\r\n" + $0.1().map { $0 + "\r\n" }.joined() }
            .joined(separator: "\r\n")
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
        ]
    }

    private func clients() -> [String] {
        [
            "connected_clients:\(daemon.clients.count)",
            "maxclients:\(daemon.clients.maximum.load(ordering: .relaxed))", "blocked_clients:0",
        ]
    }

    private func memory() -> [String] {
        let used = daemon.denylist.statistics.bytes
        let most = daemon.denylist.maximumBytes
        let waiting = daemon.counters.waitingInput.load(ordering: .relaxed)
        return [
            "used_memory:\(used)", "used_memory_human:\(MemorySize.describe(used))",
            "used_memory_rss:\(Self.residentBytes() ?? 0)", "maxmemory:\(most)",
            "maxmemory_human:\(MemorySize.describe(most))", "maxmemory_policy:noeviction",
            "query_buffers:\(waiting)",
        ]
    }

    private func statistics() -> [String] {
        let counters = daemon.counters
        return [
            "total_connections_received:\(counters.connections.load(ordering: .relaxed))",
            "total_commands_processed:\(counters.commands.load(ordering: .relaxed))",
            "total_net_input_bytes:\(counters.bytesIn.load(ordering: .relaxed))",
            "total_net_output_bytes:\(counters.bytesOut.load(ordering: .relaxed))",
            "rejected_connections:\(counters.rejectedConnections.load(ordering: .relaxed))",
            "expired_keys:\(daemon.denylist.statistics.expired)", "evicted_keys:0",
            "keyspace_hits:\(counters.hits.load(ordering: .relaxed))",
            "keyspace_misses:\(counters.misses.load(ordering: .relaxed))",
            "total_error_replies:\(counters.errors.load(ordering: .relaxed))",
            "refused_for_memory:\(counters.refusedForMemory.load(ordering: .relaxed))",
        ]
    }

    private func processor() -> [String] {
        var usage = rusage()
        getrusage(Self.thisProcess, &usage)
        func seconds(_ time: timeval) -> String {
            let micros = String(1_000_000 + Int(time.tv_usec)).dropFirst()
            return "\(time.tv_sec).\(micros)"
        }
        return ["used_cpu_sys:\(seconds(usage.ru_stime))", "used_cpu_user:\(seconds(usage.ru_utime))"]
    }

    private func keyspace() -> [String] {
        let statistics = daemon.denylist.statistics
        guard statistics.entries > 0 else { return [] }
        return ["db0:keys=\(statistics.entries),expires=\(statistics.expiring),avg_ttl=0"]
    }

    /// The process' resident memory in bytes; nil where the system does not tell.
    private static func residentBytes() -> Int? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let words = line.prefix { $0 != 0 }.split(separator: CChar(UInt8(ascii: " ")))
        guard words.count > 1 else { return nil }
        return Int(String(decoding: words[1].map { UInt8(bitPattern: $0) }, as: UTF8.self)).map {
            $0 * Int(getpagesize())
        }
    }
}
