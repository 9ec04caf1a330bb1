/// The time that whoever issues tokens and sets cut-offs goes by: the wall clock, but it does not go back with it.
///
/// A token that was issued before the wall clock was set back would otherwise lie behind the cut-off of a "log out
/// everywhere" that follows, and live on. So when the wall clock goes back by 60 s or less, this clock goes on at half
/// speed until the wall clock has caught up. If it goes back by more, its time was wrong before, and this clock follows.
public struct SlewedClock: Sendable {
    /// The most that it may be ahead of the wall clock, in milliseconds.
    public static let maximumLead: Int64 = 60_000

    private var boot: Int64
    /// In half milliseconds, so that frequent reading rounds nothing away.
    private var halves: Int64

    /// - Parameters: both in milliseconds; `boot` is `CLOCK_BOOTTIME`.
    public init(wall: Int64, boot: Int64) {
        self.boot = boot
        halves = 2 * wall
    }

    /// Unix milliseconds.
    public mutating func read(wall: Int64, boot: Int64) -> Int64 {
        halves += max(0, boot - self.boot)
        self.boot = max(boot, self.boot)
        if halves < 2 * wall || halves > 2 * (wall + Self.maximumLead) { halves = 2 * wall }
        return halves / 2
    }
}
