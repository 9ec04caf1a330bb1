/// What a daemon keeps on disk of its clocks, so that the one after it goes on from there. Times in milliseconds.
package struct ClockCheckpoint: Sendable, Equatable {
    /// Guarded time when the boot clock read ``boot``.
    package var guarded: Int64
    /// No later time was answered when the boot clock read ``boot``.
    package var time: Int64
    /// No later time is answered at all before a later checkpoint is on disk.
    package var limit: Int64
    package var boot: Int64
    /// Which boot clock that was; nil if the machine did not say.
    package var identity: BootIdentity?

    package init(guarded: Int64, time: Int64, limit: Int64, boot: Int64, identity: BootIdentity?) {
        self.guarded = guarded
        self.time = time
        self.limit = limit
        self.boot = boot
        self.identity = identity
    }

    /// How much time has passed since, exactly; nil if that is not known: the machine was rebooted, it is another one,
    /// or its boot clock was set back.
    private func elapsed(until now: ClockSample) -> Int64? {
        guard let identity, identity == now.identity, now.boot >= boot else { return nil }
        return now.boot - boot
    }

    /// Goes on exactly, or, if nobody knows how much time has passed, from where it was left: what is kept too long
    /// does no harm.
    package func guardedClock(at now: ClockSample) -> GuardedClock {
        GuardedClock(at: guarded + (elapsed(until: now) ?? 0), boot: now.boot)
    }

    /// Goes on exactly; after a reboot from the wall clock, if that is later than all that was answered.
    package func storeTime(at now: ClockSample) -> StoreTime {
        guard let elapsed = elapsed(until: now) else { return StoreTime(max(limit, now.wall), boot: now.boot) }
        return StoreTime(time + elapsed, boot: now.boot)
    }
}
