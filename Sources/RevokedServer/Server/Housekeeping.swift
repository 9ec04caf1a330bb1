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
        while !Task.isCancelled {
            daemon.clock.tick()
            keepTime()
            daemon.persistence?.log.checkPace()
            let (totals, uptime) = (daemon.counters.totals, daemon.clock.uptime())
            daemon.rates.withLock { $0.sample(totals, at: uptime) }
            let slots = max(Self.smallestStep, daemon.denylist.statistics.entries * 2 / Self.turn)
            daemon.denylist.reclaim(slots: slots, at: daemon.clock.now())
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }

    private func keepTime() {
        switch daemon.clock.trace() {
        case .leave(let reading):
            daemon.logger.notice("the wall clock was set back: TIME goes on at half speed until it has caught up")
            daemon.persistence?.leave(reading)
        case .remove: daemon.persistence?.leave(nil)
        case nil: break
        }
    }
}
