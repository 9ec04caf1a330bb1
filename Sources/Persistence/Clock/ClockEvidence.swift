package import Denylist

/// What a data directory tells of its earlier writers' clocks.
package struct ClockEvidence: Sendable {
    /// The clocks that the previous daemon left.
    var left = LeftClocks.nothing
    /// The newest note at the head of a file, with the latest guarded time of all notes.
    var note: TimeNote?
    /// The earliest wall-clock time at which a file without a note was begun, in Unix milliseconds.
    var earliest: Int64?

    /// What `revoked.clock` says.
    enum LeftClocks: Sendable, Equatable {
        case nothing
        /// The file is there, and holds neither of the following.
        case damaged
        /// A checkpoint, and the runs whose notes may stand in a log that it belongs to.
        case checkpoint(ClockCheckpoint, runs: [UInt64])
        /// By a release that kept no guarded time: what `TIME` answered at most, and the wall clock then.
        case reading(time: Int64, wall: Int64)
    }

    package init() {}

    /// Guarded time continues where the log's last writer left it: exactly, if the machine was not rebooted since.
    ///
    /// A log whose newest note the checkpoint does not name came from elsewhere: its own notes count. Without any
    /// record of guarded time, it begins at the earliest time on record, so no entry has expired by then.
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

    /// The store's time continues no earlier than where it was left.
    package func storeTime(at now: ClockSample) -> StoreTime {
        switch left {
        case .nothing, .damaged: StoreTime(now.wall, boot: now.boot)
        case .checkpoint(let checkpoint, _): checkpoint.storeTime(at: now)
        case .reading(let time, _): StoreTime(max(time, now.wall), boot: now.boot)
        }
    }

    // MARK: Runs

    /// Run number of a log without notes.
    private static let noNote: UInt64 = 0
    /// The number of runs that fit into the file.
    static let maximumRuns = 8

    /// The runs that this process's checkpoints name: its own, that of the log's newest note, and some earlier ones.
    func runs(with run: UInt64) -> [UInt64] {
        var runs = [run, note?.run ?? Self.noNote]
        if case .checkpoint(_, let earlier) = left { runs += earlier.filter { !runs.contains($0) } }
        return Array(runs.prefix(Self.maximumRuns))
    }

    /// A random number for a run.
    static func newRun() -> UInt64 { .random(in: 1 ... .max) }
}
