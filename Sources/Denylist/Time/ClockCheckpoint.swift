/// A daemon's clocks as kept on disk, from which the next daemon continues. Times in milliseconds.
package struct ClockCheckpoint: Sendable, Equatable {
    /// Guarded time when the boot clock read ``boot``.
    package var guarded: Int64
    /// The latest time answered when the boot clock read ``boot``.
    package var time: Int64
    /// No later time is answered before a later checkpoint is on disk.
    package var limit: Int64
    package var boot: Int64
    /// The identity of that boot clock; nil if the machine has none.
    package var identity: BootIdentity?

    package init(guarded: Int64, time: Int64, limit: Int64, boot: Int64, identity: BootIdentity?) {
        self.guarded = guarded
        self.time = time
        self.limit = limit
        self.boot = boot
        self.identity = identity
    }

    /// The exact time elapsed since; nil if unknown: after a reboot, on another machine, or if the boot clock was set
    /// back.
    private func elapsed(until now: ClockSample) -> Int64? {
        guard let identity, identity == now.identity, now.boot >= boot else { return nil }
        return now.boot - boot
    }

    /// Continues exactly. If the elapsed time is unknown, continues from where it was left: longer retention does no
    /// harm.
    package func guardedClock(at now: ClockSample) -> GuardedClock {
        GuardedClock(at: guarded + (elapsed(until: now) ?? 0), boot: now.boot)
    }

    /// Continues exactly. After a reboot, continues from the wall clock if that is later than any time answered.
    package func storeTime(at now: ClockSample) -> StoreTime {
        guard let elapsed = elapsed(until: now) else { return StoreTime(max(limit, now.wall), boot: now.boot) }
        return StoreTime(time + elapsed, boot: now.boot)
    }
}
