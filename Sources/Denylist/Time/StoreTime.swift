/// The clock of log-ins and cut-offs. A cut-off covers every log-in that read the time before it, so this clock never
/// goes back, whatever happens to the wall clock.
///
/// It runs with the boot clock and follows the wall clock. If it is ahead, it runs slower by 1 in 10. If the wall clock
/// jumps ahead a little, it follows at once. A large jump is not followed, because it could never be undone.
package struct StoreTime: Sendable, Equatable {
    /// The largest jump ahead that is followed, in milliseconds: two correct clocks differ by no more.
    package static let maximumJump: Int64 = 30_000
    /// Differences up to this, in milliseconds, come from reading two clocks one after the other.
    private static let jitter: Int64 = 5

    /// The time when the boot clock read ``start``, both in milliseconds.
    private var base: Int64
    private var start: Int64
    private var isSlow = false

    /// - Parameter time: Unix milliseconds when the boot clock reads `boot`.
    package init(_ time: Int64, boot: Int64) {
        base = time
        start = boot
    }

    /// The time if the wall clock is not considered.
    package func time(at boot: Int64) -> Int64 {
        let passed = max(0, boot - start)
        return base + passed - (isSlow ? (passed + 9) / 10 : 0)
    }

    /// The time now, in Unix milliseconds. The wall clock may slow it down, but not advance it.
    package mutating func read(wall: Int64, boot: Int64) -> Int64 {
        let now = time(at: boot)
        let lead = now - wall
        if isSlow ? lead <= 0 : lead > Self.jitter { go(on: now, boot, isSlow: !isSlow) }
        return now
    }

    /// Follows a wall clock that is ahead.
    /// - Parameter most: the largest jump to follow, in milliseconds.
    /// - Returns: whether there was such a jump.
    package mutating func follow(wall: Int64, boot: Int64, most: Int64 = maximumJump) -> Bool {
        let now = read(wall: wall, boot: boot)
        guard wall - now > Self.jitter, wall - now <= most else { return false }
        go(on: wall, boot, isSlow: false)
        return true
    }

    /// Ensures that the time continues no earlier than `time` at `boot`.
    package mutating func advance(to time: Int64, boot: Int64) {
        if time > self.time(at: boot) { go(on: time, boot, isSlow: false) }
    }

    private mutating func go(on time: Int64, _ boot: Int64, isSlow: Bool) {
        base = time
        start = boot
        self.isSlow = isSlow
    }

    /// What an operator has to decide: the wall clock differs by more than this clock follows by itself.
    package enum Disagreement: Sendable, Equatable {
        /// The wall clock is ahead by this many milliseconds.
        case wallAhead(Int64)
        /// The wall clock is behind by this many milliseconds.
        case wallBehind(Int64)
    }

    /// - Returns: nil if this clock follows the wall clock, or soon will.
    package func disagreement(wall: Int64, boot: Int64) -> Disagreement? {
        let ahead = wall - time(at: boot)
        if ahead > Self.maximumJump { return .wallAhead(ahead) }
        return -ahead > Self.maximumJump ? .wallBehind(-ahead) : nil
    }
}
