/// The store's time for a daemon with a disk. Every answered time is covered by a checkpoint on disk, so a crash or a
/// power loss cannot set the time back.
///
/// A checkpoint covers the line of time that it is on, for an end of the process, and a fixed reserve, for an end of
/// the machine. A jump of the wall clock leaves that line, so it is followed only after it is on disk.
package struct DurableTime: Sendable {
    /// How far ahead of a checkpoint times may be answered, in milliseconds. After a power loss the time continues from
    /// there.
    package static let reserve: Int64 = 15_000
    /// The next checkpoint is due when less than this remains.
    private static let leastReserve: Int64 = 10_000

    private var time: StoreTime
    /// The checkpoint on disk covers times up to this; nil if none is kept on disk.
    private var limit: Int64?
    /// The operator's correction, not on disk yet.
    private var trusted: ClockCheckpoint?

    package init(_ time: StoreTime) { self.time = time }

    /// The answer of `TIME`. It stands still while a disk blocks for longer than the reserve.
    package mutating func read(wall: Int64, boot: Int64) -> Int64 {
        min(time.read(wall: wall, boot: boot), limit ?? .max)
    }

    /// Follows the wall clock if no checkpoint is kept on disk.
    /// - Returns: whether it followed the operator's correction.
    package mutating func followUnkept(wall: Int64, boot: Int64) -> Bool {
        let isWord = trusted.map { stored($0) } ?? false
        limit = nil
        _ = time.follow(wall: wall, boot: boot)
        return isWord
    }

    // MARK: Checkpoints

    /// Whether a new checkpoint must be written.
    package func isDue(wall: Int64, boot: Int64) -> Bool {
        guard trusted == nil, let limit else { return true }
        var next = time
        return next.follow(wall: wall, boot: boot) || limit - next.time(at: boot) < Self.leastReserve
    }

    /// That checkpoint.
    package func dueCheckpoint(_ now: ClockSample, _ guarded: GuardedClock) -> ClockCheckpoint {
        if let trusted { return trusted }
        var next = time
        _ = next.follow(wall: now.wall, boot: now.boot)
        return Self.checkpoint(next, now, guarded, reserve: Self.reserve)
    }

    /// A checkpoint of the present.
    /// - Parameter isLast: whether no more times are answered.
    package func checkpoint(_ now: ClockSample, _ guarded: GuardedClock, isLast: Bool = false) -> ClockCheckpoint {
        Self.checkpoint(time, now, guarded, reserve: isLast ? 0 : Self.reserve)
    }

    private static func checkpoint(
        _ time: StoreTime, _ now: ClockSample, _ guarded: GuardedClock, reserve: Int64
    ) -> ClockCheckpoint {
        let present = time.time(at: now.boot)
        return ClockCheckpoint(
            guarded: guarded.time(at: now.boot), time: present, limit: present + reserve, boot: now.boot,
            identity: now.identity)
    }

    /// A checkpoint is on disk. Only one at a time is made and stored.
    /// - Returns: whether it was the operator's correction.
    @discardableResult
    package mutating func stored(_ checkpoint: ClockCheckpoint) -> Bool {
        limit = checkpoint.limit
        guard trusted == checkpoint else {
            time.advance(to: checkpoint.time, boot: checkpoint.boot)
            return false
        }
        trusted = nil
        time = StoreTime(checkpoint.time, boot: checkpoint.boot)
        return true
    }

    /// A checkpoint could not be written. Nothing changes.
    /// - Returns: whether it was the operator's correction.
    @discardableResult
    package mutating func failed(_ checkpoint: ClockCheckpoint) -> Bool {
        guard trusted == checkpoint else { return false }
        trusted = nil
        return true
    }

    // MARK: The operator's correction

    /// How far the time is ahead of the wall clock, in milliseconds.
    package func lead(wall: Int64, boot: Int64) -> Int64 { time.time(at: boot) - wall }

    package func disagreement(wall: Int64, boot: Int64) -> StoreTime.Disagreement? {
        time.disagreement(wall: wall, boot: boot)
    }

    /// Follows the wall clock ahead, however far, before any time is answered or stored.
    package mutating func followAtStart(wall: Int64, boot: Int64) {
        _ = time.follow(wall: wall, boot: boot, most: .max)
    }

    /// Sets the time to the wall clock, once ``dueCheckpoint(_:_:)`` is ``stored(_:)``.
    ///
    /// If that sets the time back, no later cut-off covers the tokens issued until now. So the caller first gives the
    /// denylist another epoch.
    package mutating func trust(_ now: ClockSample, _ guarded: GuardedClock) {
        let next = StoreTime(now.wall, boot: now.boot)
        trusted = Self.checkpoint(next, now, guarded, reserve: Self.reserve)
    }
}
