import Logging
import Persistence
import Synchronization

/// Closes connections that have sent nothing for `timeout`.
struct IdleConnections: ~Copyable {
    private static let interval: Int64 = 1_000
    private var checkedAt: Int64 = 0
    /// The log's end at the last check. While the disk is further behind than that a reply may wait for it, and who
    /// waits is not idle.
    private var end: UInt64 = 0

    mutating func step(_ daemon: Daemon, at now: Int64) {
        guard now - checkedAt >= Self.interval else { return }
        checkedAt = now
        let log = daemon.persistence?.log
        let isSettled = log.map { $0.acknowledged >= end } ?? true
        end = log?.end ?? 0
        guard isSettled else { return }
        for client in daemon.clients.overdue(at: now) where !daemon.replicas.isWaiting(client) {
            daemon.logger.debug("closing \(client.address): it was idle for timeout")
            client.end()
        }
    }
}
