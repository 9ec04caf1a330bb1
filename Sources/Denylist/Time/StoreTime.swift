/// The time that log-ins and cut-offs go by. A cut-off covers every log-in that read the time before it, so it never
/// goes back, whatever becomes of the wall clock.
///
/// It runs with the boot clock and follows the wall clock: ahead of it, it runs slower by 1 in 10; a small jump of the
/// wall clock ahead is followed at once. A large one is not: it could never be taken back.
package struct StoreTime: Sendable, Equatable {
    /// The largest jump ahead that is followed, in milliseconds: so far apart may two clocks be.
    package static let maximumJump: Int64 = 30_000
    /// Differences up to this, in milliseconds, are those of reading two clocks.
    private static let jitter: Int64 = 5

    /// What it said when the boot clock read ``start``, both in milliseconds.
    private var base: Int64
    private var start: Int64
    private var isSlow = false

    /// - Parameter time: Unix milliseconds when the boot clock reads `boot`.
    package init(_ time: Int64, boot: Int64) {
        base = time
        start = boot
    }

    /// What it says as long as the wall clock is left alone.
    package func time(at boot: Int64) -> Int64 {
        let passed = max(0, boot - start)
        return base + passed - (isSlow ? (passed + 9) / 10 : 0)
    }

    /// What it says now, in Unix milliseconds. The wall clock may slow it down, but not put it forward.
    package mutating func read(wall: Int64, boot: Int64) -> Int64 {
        let now = time(at: boot)
        let lead = now - wall
        if isSlow ? lead <= 0 : lead > Self.jitter { go(on: now, boot, isSlow: !isSlow) }
        return now
    }

    /// Follows a wall clock that is ahead.
    /// - Parameter most: the largest jump to follow, in milliseconds.
    /// - Returns: whether there was a jump to follow.
    package mutating func follow(wall: Int64, boot: Int64, most: Int64 = maximumJump) -> Bool {
        let now = read(wall: wall, boot: boot)
        guard wall - now > Self.jitter, wall - now <= most else { return false }
        go(on: wall, boot, isSlow: false)
        return true
    }

    /// Goes on no earlier than at `time` when the boot clock read `boot`.
    package mutating func advance(to time: Int64, boot: Int64) {
        if time > self.time(at: boot) { go(on: time, boot, isSlow: false) }
    }

    private mutating func go(on time: Int64, _ boot: Int64, isSlow: Bool) {
        base = time
        start = boot
        self.isSlow = isSlow
    }

    /// What an operator has to say: the wall clock is too far away for this time to follow it by itself.
    package enum Disagreement: Sendable, Equatable {
        /// The wall clock is ahead by so many milliseconds.
        case wallAhead(Int64)
        /// The wall clock is behind by so many milliseconds.
        case wallBehind(Int64)
    }

    /// - Returns: nil if it follows the wall clock, or soon will.
    package func disagreement(wall: Int64, boot: Int64) -> Disagreement? {
        let ahead = wall - time(at: boot)
        if ahead > Self.maximumJump { return .wallAhead(ahead) }
        return -ahead > Self.maximumJump ? .wallBehind(-ahead) : nil
    }
}
