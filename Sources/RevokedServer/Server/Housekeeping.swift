import Denylist
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
            if let reading = daemon.clock.takeReading() { daemon.persistence?.leave(reading) }
            daemon.persistence?.log.checkPace()
            let (totals, uptime) = (daemon.counters.totals, daemon.clock.uptime())
            daemon.rates.withLock { $0.sample(totals, at: uptime) }
            let slots = max(Self.smallestStep, daemon.denylist.statistics.entries * 2 / Self.turn)
            daemon.denylist.reclaim(slots: slots, at: daemon.clock.now())
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }
}
