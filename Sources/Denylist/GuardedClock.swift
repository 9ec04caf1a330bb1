/// The time by which guarded keys expire: it advances with `CLOCK_BOOTTIME` (suspension included) and follows the wall
/// clock forward by at most 60 s at once, so a clock that jumps a day ahead for a second forgets nothing.
///
/// After a step the next one has to wait an hour of boot time: a wall clock that keeps running ahead, or jumps to and
/// fro, gains at most 60 s an hour, which the margin of every revocation covers. It never goes back.
public struct GuardedClock: Sendable {
    /// The most it follows the wall clock forward at once, in milliseconds.
    public static let maximumStep: Int64 = 60_000
    /// The boot time between two steps that used up ``maximumStep``, in milliseconds.
    public static let stepInterval: Int64 = 3_600_000

    private var time: Int64
    private var boot: Int64
    /// How much of ``maximumStep`` is left until `windowEnd`.
    private var allowance = Self.maximumStep
    private var windowEnd: Int64

    /// - Parameters: both in milliseconds; `boot` is `CLOCK_BOOTTIME`.
    public init(wall: Int64, boot: Int64) {
        time = wall
        self.boot = boot
        windowEnd = boot + Self.stepInterval
    }

    /// The moment that the two clocks' readings make.
    public mutating func advance(wall: Int64, boot: Int64) -> Moment {
        time += max(0, boot - self.boot)
        self.boot = max(boot, self.boot)
        if self.boot >= windowEnd {
            windowEnd = self.boot + Self.stepInterval
            allowance = Self.maximumStep
        }
        if wall > time {
            let step = min(wall - time, allowance)
            time += step
            allowance -= step
        }
        return Moment(wall: wall, guarded: time)
    }
}
