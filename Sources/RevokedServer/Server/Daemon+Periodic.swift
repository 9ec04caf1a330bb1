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
        var idle = IdleConnections()
        while !Task.isCancelled {
            if clock.isCheckpointDue, persistence?.keepClock() != true { clock.followUnkept() }
            let request = loading.isReading ? nil : clockRequest
            if let request, !hasAsked { logger.warning("\(request)") }
            hasAsked = request != nil
            persistence?.log.checkPace()
            let (totals, uptime) = (counters.totals, clock.uptime())
            if pause.endIfDue(at: uptime) { logHasProgressed() }
            idle.step(self, at: uptime)
            rates.withLock { $0.sample(totals, at: uptime) }
            // Until the data directory is read, the clocks are not known, so no entry is known to have expired.
            if !loading.isReading {
                let now = clock.now()
                // What has expired is told before it is reclaimed.
                let told = denylist.observers.expiry.step(denylist, at: now) ?? now
                tracking.tellListeners()
                reclaim(at: told)
            }
            do { try await Task.sleep(for: Self.periodicInterval) } catch { return }
        }
    }

    /// Removes what has expired, and tells replicas: a stock Redis keeps it until it is told.
    private func reclaim(at moment: ClockReading) {
        let teller = replicas.beginReclaiming(at: clock.uptime()) ? journal : nil
        defer { replicas.endReclaiming() }
        // What they are told waits in memory while the disk stands still.
        if let queued = teller?.disk?.queuedBytes, queued > AppendLog.backlogLimit / 4 { return }
        let count = denylist.reclaim(
            turn: Self.turn, smallest: Self.smallestStep, at: moment, tellingIn: teller)
        if count > 0, teller == nil { persistence?.log.noteUntold() }
    }
}
