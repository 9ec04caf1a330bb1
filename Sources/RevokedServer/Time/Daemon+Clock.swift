import Denylist
import Logging
import Persistence

/// What an operator has to do with the daemon's clocks.
extension Daemon {
    /// What only an operator can decide: a sentence that says what to do; nil if nothing.
    var clockRequest: String? {
        switch clock.disagreement {
        case nil: nil
        case .wallAhead(let milliseconds):
            "the wall clock is \(milliseconds / 1000) s ahead of TIME, which follows no such jump by itself: put the wall "
                + "clock right, or, if it is right, CONFIG SET trust-clock yes"
        case .wallBehind(let milliseconds):
            "the wall clock is \(milliseconds / 1000) s behind TIME, which never goes back: put the wall clock right, or, "
                + "if it is right, CONFIG SET trust-clock yes, which gives the denylist a new epoch"
        }
    }

    /// `CONFIG SET trust-clock yes`: `TIME` goes on with the wall clock. Waits for the disk.
    /// - Parameter told: called on any thread at the end, with the error of the command.
    func trustClock(_ told: @escaping @Sendable (_ failure: String?) -> Void) {
        guard let disagreement = clock.disagreement else { return told(nil) }
        if case .wallBehind = disagreement {
            // A token that was issued until now is behind no cut-off to come.
            do throws(PersistenceError) { try replaceEpoch() } catch { return told("\(error)") }
        }
        logger.warning("an operator trusts the wall clock: \(Self.describe(disagreement))")
        clock.trust { isDone in told(isDone ? nil : "the clock cannot be kept on disk") }
        if persistence?.keepClock() != true { clock.followUnkept() }
    }

    private static func describe(_ disagreement: StoreTime.Disagreement) -> String {
        switch disagreement {
        case .wallAhead(let milliseconds): "TIME goes \(milliseconds / 1000) s ahead"
        case .wallBehind(let milliseconds): "TIME goes \(milliseconds / 1000) s back, and the epoch is new"
        }
    }

    // MARK: At the start

    /// `--trust-clock`, before anything is written: guarded time and `TIME` go on ahead with the wall clock.
    func trustClockAtStart() {
        let before = clock.now()
        let revocations = guardedEntries(at: before)
        clock.advance()
        let after = clock.now()
        guard after.guarded - before.guarded >= 1000 else {
            return logger.info("--trust-clock: guarded time is not behind the wall clock, and no revocation ends by it")
        }
        let left = guardedEntries(at: after)
        logger.warning(
            """
            --trust-clock: guarded time goes \((after.guarded - before.guarded) / 1000) s ahead to the wall clock: \
            \(revocations - left) of \(revocations) revocations end by it
            """)
    }

    /// The same after that, before anyone is served: `TIME` may have to go back.
    func trustClockBeforeServing() throws(PersistenceError) {
        guard case .wallBehind = clock.disagreement else { return }
        trustClock { _ in }
        try persistence?.keepClockNow()
    }

    private func guardedEntries(at moment: ClockReading) -> Int {
        var count = 0
        var cursor: UInt64 = 0
        repeat {
            cursor = scan(0, from: cursor, count: 4096, at: moment) { key in
                if denylist.keys.isGuarded(key) { count += 1 }
            }
        } while cursor != 0
        return count
    }
}

/// `INFO clock`.
struct ClockFigures {
    private let daemon: Daemon

    init(_ daemon: Daemon) { self.daemon = daemon }

    /// How far guarded time is behind the wall clock, in milliseconds; negative if it is ahead.
    var behind: Int64 {
        let now = daemon.clock.now()
        return now.wall - now.guarded
    }

    var lines: [String] {
        // Where the clocks go on is not known while the data directory is read.
        guard !daemon.loading.isActive else { return [] }
        return [
            "guarded_time_behind_ms:\(behind)", "time_ahead_ms:\(daemon.clock.lead)",
            "clock_request:\(daemon.clockRequest ?? "none")",
        ]
    }
}
