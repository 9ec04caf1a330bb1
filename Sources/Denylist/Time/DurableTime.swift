/// The store's time as a daemon with a disk tells it: nothing is answered that what is on disk does not cover, so no
/// crash and no power loss makes it go back.
///
/// A checkpoint on disk covers the line that it is on, for a process that ends, and a fixed time, for a machine
/// that does. A jump of the wall clock leaves that line, so it is followed only once it is on disk.
package struct DurableTime: Sendable {
    /// How far ahead a checkpoint lets time be answered, in milliseconds. After a power loss time goes on from there.
    package static let reserve: Int64 = 15_000
    /// The next checkpoint is due when less than this is left.
    private static let leastReserve: Int64 = 10_000

    private var time: StoreTime
    /// What is on disk covers times up to this; nil if nothing is kept on disk.
    private var limit: Int64?
    /// The operator's word, on its way to the disk.
    private var trusted: ClockCheckpoint?

    package init(_ time: StoreTime) { self.time = time }

    /// What `TIME` answers. It stands still while a disk hangs for longer than the reserve.
    package mutating func read(wall: Int64, boot: Int64) -> Int64 {
        min(time.read(wall: wall, boot: boot), limit ?? .max)
    }

    /// Follows the wall clock where nothing is kept on disk.
    /// - Returns: whether it was the operator's word that is followed.
    package mutating func followUnkept(wall: Int64, boot: Int64) -> Bool {
        let isWord = trusted.map { stored($0) } ?? false
        limit = nil
        _ = time.follow(wall: wall, boot: boot)
        return isWord
    }

    // MARK: Checkpoints

    /// Whether another checkpoint has to be on disk than the last one.
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

    /// A checkpoint of now.
    /// - Parameter isLast: whether no time is answered any more.
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

    /// A checkpoint is on disk. One at a time is made and stored.
    /// - Returns: whether it was the operator's word.
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

    /// A checkpoint could not be written: all stays as it is.
    /// - Returns: whether it was the operator's word.
    @discardableResult
    package mutating func failed(_ checkpoint: ClockCheckpoint) -> Bool {
        guard trusted == checkpoint else { return false }
        trusted = nil
        return true
    }

    // MARK: The operator's word

    /// How far the time is ahead of the wall clock, in milliseconds.
    package func lead(wall: Int64, boot: Int64) -> Int64 { time.time(at: boot) - wall }

    package func disagreement(wall: Int64, boot: Int64) -> StoreTime.Disagreement? {
        time.disagreement(wall: wall, boot: boot)
    }

    /// Follows the wall clock ahead, however far, before anything is answered or kept.
    package mutating func followAtStart(wall: Int64, boot: Int64) {
        _ = time.follow(wall: wall, boot: boot, most: .max)
    }

    /// Takes the wall clock for right, as soon as ``dueCheckpoint(_:_:)`` is ``stored(_:)``.
    ///
    /// If that puts the time back, tokens that were issued until now are behind no cut-off to come: the caller gives
    /// the denylist another epoch before.
    package mutating func trust(_ now: ClockSample, _ guarded: GuardedClock) {
        let next = StoreTime(now.wall, boot: now.boot)
        trusted = Self.checkpoint(next, now, guarded, reserve: Self.reserve)
    }
}
