import Denylist
import Logging
import Persistence
import Synchronization

/// What has to be done now and then: keeping time, reclaiming the room of entries that expired, and
/// looking after a slow disk. Not before the data directory has been read.
struct Housekeeping {
    private static let interval = Duration.milliseconds(100)
    /// Intervals in which the clock hand makes one full turn: 20 s.
    private static let turn = 200
    /// Nothing is reclaimed in smaller steps.
    private static let smallestStep = 4096

    private let daemon: Daemon

    init(_ daemon: Daemon) { self.daemon = daemon }

    /// Until the task is cancelled.
    func run() async {
        var hasAsked = false
        while !Task.isCancelled {
            if daemon.clock.isCheckpointDue, daemon.persistence?.keepClock() != true { daemon.clock.followUnkept() }
            let request = daemon.loading.isActive ? nil : daemon.clockRequest
            if let request, !hasAsked { daemon.logger.warning("\(request)") }
            hasAsked = request != nil
            daemon.persistence?.log.checkPace()
            let (totals, uptime) = (daemon.counters.totals, daemon.clock.uptime())
            daemon.rates.withLock { $0.sample(totals, at: uptime) }
            // Before it is known where the clocks go on, nothing is known to have ended.
            if !daemon.loading.isActive {
                let slots = max(Self.smallestStep, daemon.denylist.statistics.entries * 2 / Self.turn)
                daemon.denylist.reclaim(slots: slots, at: daemon.clock.now())
            }
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }
}
