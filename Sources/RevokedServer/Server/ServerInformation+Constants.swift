#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Fields that programs index without asking whether they are there. What the daemon has none of is zero.
extension ServerInformation {
    static let operatingSystem: String = {
        #if os(Linux)
            let system = "Linux"
        #else
            let system = "Darwin"
        #endif
        #if arch(x86_64)
            return system + " x86_64"
        #elseif arch(arm64)
            return system + " aarch64"
        #else
            return system
        #endif
    }()

    /// Of the machine, in bytes.
    static let systemMemory = max(0, sysconf(Int32(_SC_PHYS_PAGES))) * max(0, sysconf(Int32(_SC_PAGESIZE)))

    static let noStatistics = [
        "total_net_repl_input_bytes:0", "total_net_repl_output_bytes:0", "instantaneous_input_repl_kbps:0.00",
        "instantaneous_output_repl_kbps:0.00",
        "expired_stale_perc:0.00", "expired_time_cap_reached_count:0", "latest_fork_usec:0", "total_forks:0",
        "migrate_cached_sockets:0", "slave_expires_tracked_keys:0", "unexpected_error_replies:0",
        "dump_payload_sanitizations:0",
    ]

    static let noMemory = [
        "mem_clients_slaves:0", "mem_replication_backlog:0", "mem_allocator:libc", "active_defrag_running:0",
        "lazyfree_pending_objects:0", "lazyfreed_objects:0", "number_of_cached_scripts:0", "number_of_functions:0",
        "number_of_libraries:0",
    ]
}
