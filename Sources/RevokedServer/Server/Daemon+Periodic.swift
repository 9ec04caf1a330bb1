import Denylist
import Logging
import Persistence
import Synchronization

extension Daemon {
    private static let periodicInterval = Duration.milliseconds(100)
    /// Intervals in which the clock hand makes one full turn: 20 s.
    private static let turn = 200
    /// The fewest slots that are looked at in one interval.
    private static let smallestStep = 4096

    /// Keeps the clocks, watches the disk's pace, samples the rates and reclaims the room of expired entries, until the
    /// task is cancelled.
    func runPeriodic() async {
        var hasAsked = false
        while !Task.isCancelled {
            if clock.isCheckpointDue, persistence?.keepClock() != true { clock.followUnkept() }
            let request = loading.isActive ? nil : clockRequest
            if let request, !hasAsked { logger.warning("\(request)") }
            hasAsked = request != nil
            persistence?.log.checkPace()
            let (totals, uptime) = (counters.totals, clock.uptime())
            rates.withLock { $0.sample(totals, at: uptime) }
            // Until the data directory is read, the clocks are not known, so no entry is known to have expired.
            if !loading.isActive {
                let slots = max(Self.smallestStep, denylist.statistics.entries * 2 / Self.turn)
                denylist.reclaim(slots: slots, at: clock.now())
            }
            do { try await Task.sleep(for: Self.periodicInterval) } catch { return }
        }
    }
}
