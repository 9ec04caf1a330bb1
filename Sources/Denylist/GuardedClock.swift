/// The time by which guarded keys expire: it advances with `CLOCK_BOOTTIME` (suspension included) and follows the wall
/// clock forward by at most 60 s at once, so a clock that jumps a day ahead for a second forgets nothing.
///
/// It never gains more than that in any hour of boot time: a wall clock that keeps running ahead, or jumps to and fro,
/// stays within the margin of every revocation for that long. It never goes back, so it may be ahead of a wall clock
/// that was set back; what is written then counts from the later of the two (``Moment/later``).
public struct GuardedClock: Sendable {
    /// The most it follows the wall clock forward in ``stepInterval``, in milliseconds.
    public static let maximumStep: Int64 = 60_000
    /// The boot time without a step after which it may follow by ``maximumStep`` again, in milliseconds.
    public static let stepInterval: Int64 = 3_600_000

    private var time: Int64
    private var boot: Int64
    /// How much of ``maximumStep`` is left until `renewal`, a boot time.
    private var allowance = Self.maximumStep
    private var renewal: Int64

    /// - Parameters: both in milliseconds; `boot` is `CLOCK_BOOTTIME`.
    public init(wall: Int64, boot: Int64) {
        time = wall
        self.boot = boot
        renewal = boot
    }

    /// The moment that the two clocks' readings make.
    public mutating func advance(wall: Int64, boot: Int64) -> Moment {
        time += max(0, boot - self.boot)
        self.boot = max(boot, self.boot)
        // Counted from the last step and not from the first: two allowances never fall into one hour.
        if self.boot >= renewal { allowance = Self.maximumStep }
        let step = min(wall - time, allowance)
        if step > 0 {
            time += step
            allowance -= step
            renewal = self.boot + Self.stepInterval
        }
        return Moment(wall: wall, guarded: time)
    }
}
