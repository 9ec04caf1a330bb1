import Persistence
import PrometheusMetrics

/// What `/metrics` tells of loading and of the log.
struct LogMetrics {
    private let daemon: Daemon

    init(_ daemon: Daemon) { self.daemon = daemon }

    var families: [MetricFamily] {
        let isLoading = daemon.loading.isActive
        var families = [
            MetricFamily(
                .gauge, "revoked_loading", "1 while the data directory is read, and commands are answered -LOADING.",
                isLoading ? 1 : 0),
            MetricFamily(
                .gauge, "revoked_loading_progress_ratio", "How much of the data directory has been read.",
                isLoading ? daemon.loading.percentage / 100 : 1),
        ]
        let figures = daemon.persistence?.information
        let state = figures?.state ?? .off
        families.append(
            MetricFamily(
                "revoked_log_state", "What the append-only log does; failed: writes are refused with -MISCONF.",
                state: state.word, of: LogState.words))
        // Memory only, or with the mark of an unclean end on disk.
        let isUnclean = state == .off || state == .starting || figures?.isMarkedUnclean ?? true
        families.append(
            MetricFamily(
                .gauge, "revoked_epoch_doubt",
                "1 if a crash now would end the epoch: what was acknowledged is not known to be on disk.",
                isUnclean && !isLoading ? 1 : 0))
        guard let figures, let log = daemon.persistence?.log else { return families }
        return families + self.log(figures, log)
    }

    private func log(_ figures: PersistenceInformation, _ log: AppendLog) -> [MetricFamily] {
        var syncs = MetricFamily(
            .histogram, "revoked_log_fsync_duration_seconds", "Time that the disk took to make the log durable.")
        syncs.add(log.syncTimes.snapshot)
        return [
            syncs,
            MetricFamily(.gauge, "revoked_log_size_bytes", "Size of the log's files.", figures.size),
            MetricFamily(
                .gauge, "revoked_log_backlog_bytes", "Bytes that wait to be written.", figures.backlog),
            MetricFamily(
                .gauge, "revoked_log_durable_lag_bytes", "Bytes of the log that are not known to be on disk.",
                Int(clamping: figures.end - min(figures.end, figures.durable))),
            MetricFamily(.counter, "revoked_log_rewrites_total", "Rewrites of the log that ended.", figures.rewrites),
            MetricFamily(
                .gauge, "revoked_log_last_rewrite_failed", "1 if the last rewrite of the log failed.",
                figures.lastRewriteFailed ? 1 : 0),
            MetricFamily(.counter, "revoked_snapshots_total", "Snapshots (dump.rdb) written.", figures.saves),
            MetricFamily(
                .gauge, "revoked_last_snapshot_failed", "1 if the last snapshot failed.",
                figures.lastSaveFailed ? 1 : 0),
        ]
    }
}

extension LogState {
    fileprivate static let words = ["off", "starting", "running", "failed"]

    fileprivate var word: String {
        switch self {
        case .off: "off"
        case .starting: "starting"
        case .running: "running"
        case .failed: "failed"
        }
    }
}
