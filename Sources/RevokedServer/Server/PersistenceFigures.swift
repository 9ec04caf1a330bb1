import Denylist
import Persistence
import Synchronization

/// `INFO persistence`: Redis' fields as far as they mean something here, then our own.
struct PersistenceFigures {
    private let daemon: Daemon

    init(_ daemon: Daemon) { self.daemon = daemon }

    func lines() -> [String] {
        guard let persistence = daemon.persistence else {
            return [
                "loading:0", "async_loading:0", "rdb_bgsave_in_progress:0", "rdb_last_bgsave_status:ok",
                "aof_enabled:0",
                "aof_last_bgrewrite_status:ok", "aof_last_write_status:ok",
            ] + Self.unmeasured + epoch
        }
        let figures = persistence.information
        return ["loading:\(daemon.loading.isActive ? 1 : 0)", "async_loading:0"] + Self.unmeasured + loading()
            + snapshots(figures)
            + log(figures) + epoch
            + [
                "unclean_mark:\(figures.isMarkedUnclean ? 1 : 0)",
                // Whether a copy of the directory that is restored gets a new epoch by itself.
                "notices_copies:\(figures.noticesCopies ? 1 : 0)",
            ]
    }

    /// What programs index without asking. Nothing forks, and no change waits for a snapshot: the log has it.
    private static let unmeasured = [
        "current_cow_size:0", "current_fork_perc:0.00", "rdb_changes_since_last_save:0", "rdb_last_bgsave_time_sec:-1",
        "rdb_current_bgsave_time_sec:-1", "rdb_last_cow_size:0", "aof_last_rewrite_time_sec:-1",
        "aof_current_rewrite_time_sec:-1", "aof_last_cow_size:0", "module_fork_in_progress:0",
        "module_fork_last_cow_size:0",
    ]

    /// Whether clients wait for an operator to accept the epoch.
    private var epoch: [String] {
        let isPending = daemon.identity.withLock { $0?.isPending ?? false }
        return ["epoch_pending:\(isPending ? 1 : 0)"]
    }

    private func loading() -> [String] {
        let loading = daemon.loading
        guard loading.isActive else { return [] }
        let (done, total) = loading.progress
        let hundredths = Int((loading.percentage * 100).rounded())
        let fraction = hundredths % 100
        return [
            "loading_start_time:\(loading.startedAt / 1000)", "loading_total_bytes:\(total)",
            "loading_loaded_bytes:\(done)",
            "loading_loaded_perc:\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)",
            "loading_eta_seconds:\(loading.secondsLeft(at: daemon.clock.uptime()))",
        ]
    }

    private func snapshots(_ figures: PersistenceInformation) -> [String] {
        [
            "rdb_bgsave_in_progress:\(figures.isSaving ? 1 : 0)", "rdb_last_save_time:\(figures.lastSave)",
            "rdb_last_bgsave_status:\(figures.lastSaveFailed ? "err" : "ok")", "rdb_saves:\(figures.saves)",
        ]
    }

    private func log(_ figures: PersistenceInformation) -> [String] {
        var failure: String?
        if case .failed(let reason) = figures.state { failure = reason }
        var lines = [
            "aof_enabled:\(figures.state == .off ? 0 : 1)",
            "aof_rewrite_in_progress:\(figures.isRewriting ? 1 : 0)", "aof_rewrite_scheduled:0",
            "aof_last_bgrewrite_status:\(figures.lastRewriteFailed ? "err" : "ok")",
            "aof_rewrites:\(figures.rewrites)", "aof_last_write_status:\(failure == nil ? "ok" : "err")",
        ]
        if let failure { lines.append("aof_last_write_error:\(failure)") }
        guard figures.state != .off else { return lines }
        return lines + [
            "aof_current_size:\(figures.size)", "aof_base_size:\(figures.baseSize)",
            "aof_buffer_length:\(figures.backlog)", "aof_fsync:\(figures.policy.rawValue)",
            // How many bytes of the log are not known to be on disk.
            "aof_durable_lag:\(figures.end - figures.durable)",
        ]
    }
}
