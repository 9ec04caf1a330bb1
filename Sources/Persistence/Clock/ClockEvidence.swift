package import Denylist

/// What a data directory tells of the clocks of those who wrote it.
package struct ClockEvidence: Sendable {
    /// What the daemon before left.
    var left = LeftClocks.nothing
    /// The newest note at the head of one of the files, with the latest guarded time of all of them.
    var note: TimeNote?
    /// The earliest wall-clock time at which a file without a note was begun, in Unix milliseconds.
    var earliest: Int64?

    /// What `revoked.clock` says.
    enum LeftClocks: Sendable, Equatable {
        case nothing
        /// A checkpoint, and the runs whose notes may stand in a log that it belongs to.
        case checkpoint(ClockCheckpoint, runs: [UInt64])
        /// By a release that kept no guarded time: what `TIME` answered at most, and the wall clock then.
        case reading(time: Int64, wall: Int64)
    }

    package init() {}

    /// Guarded time goes on where the log's was left: exactly if the machine has not been rebooted since.
    ///
    /// A log whose newest note the checkpoint does not know came from elsewhere: its own notes count. Where nothing
    /// tells of guarded time, it begins with the earliest time that anything tells of, so that nothing has ended by
    /// then.
    package func guardedClock(at now: ClockSample) -> GuardedClock {
        if case .checkpoint(let checkpoint, let runs) = left, runs.contains(note?.run ?? Self.noNote) {
            let clock = checkpoint.guardedClock(at: now)
            guard let note, note.guarded > clock.time(at: now.boot) else { return clock }
            return GuardedClock(at: note.guarded, boot: now.boot)
        }
        if let note { return GuardedClock(at: note.guarded, boot: now.boot) }
        var earliest = min(now.wall, self.earliest ?? now.wall)
        if case .reading(_, let wall) = left { earliest = min(earliest, wall) }
        return GuardedClock(at: earliest, boot: now.boot)
    }

    /// The store's time goes on no earlier than where it was left.
    package func storeTime(at now: ClockSample) -> StoreTime {
        switch left {
        case .nothing: StoreTime(now.wall, boot: now.boot)
        case .checkpoint(let checkpoint, _): checkpoint.storeTime(at: now)
        case .reading(let time, _): StoreTime(max(time, now.wall), boot: now.boot)
        }
    }

    // MARK: Runs

    /// Stands for a log without notes.
    private static let noNote: UInt64 = 0
    /// So many runs fit into the file.
    static let maximumRuns = 8

    /// The runs that the checkpoints of this one name: itself, the one of the log's newest note, and some before.
    func runs(with run: UInt64) -> [UInt64] {
        var runs = [run, note?.run ?? Self.noNote]
        if case .checkpoint(_, let earlier) = left { runs += earlier.filter { !runs.contains($0) } }
        return Array(runs.prefix(Self.maximumRuns))
    }

    /// A number for a run.
    static func newRun() -> UInt64 { .random(in: 1 ... .max) }
}
