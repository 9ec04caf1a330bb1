/// The time by which guarded keys expire: it advances with `CLOCK_BOOTTIME` (suspension included) and follows the wall
/// clock forward by at most 60 s in all, so a clock that jumps a day ahead, for a second or for good, forgets nothing.
///
/// It never goes back, and never ends a revocation more than 60 s before its time. If the wall clock was behind at the
/// start and is put right later, guarded time stays behind it: revocations are then kept longer than they had to be.
public struct GuardedClock: Sendable {
    /// The most it follows the wall clock forward, in milliseconds.
    public static let maximumLead: Int64 = 60_000

    /// Guarded time minus time since boot, as if the wall clock had never been touched.
    private let origin: Int64
    private var boot: Int64
    private var lead: Int64 = 0

    /// - Parameters: both in milliseconds; `boot` is `CLOCK_BOOTTIME`.
    public init(wall: Int64, boot: Int64) {
        origin = wall - boot
        self.boot = boot
    }

    /// The moment that the two clocks' readings make.
    public mutating func advance(wall: Int64, boot: Int64) -> Moment {
        self.boot = max(boot, self.boot)
        let steady = origin + self.boot
        lead = max(lead, min(wall - steady, Self.maximumLead))
        return Moment(wall: wall, guarded: steady + lead)
    }
}
