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

    /// What it said at some time of the wall clock, both in Unix milliseconds: another process can go on from there.
    public struct Reading: Sendable, Equatable {
        public let time: Int64
        public let wall: Int64

        public init(time: Int64, wall: Int64) {
            self.time = time
            self.wall = wall
        }

        /// What is said now by one that went on from there, if the wall clock was not set back since.
        public func time(at wall: Int64) -> Int64 { time + max(0, wall - self.wall) / 2 }
    }

    /// - Parameters:
    ///   - boot: `CLOCK_BOOTTIME`, in milliseconds, as `wall`.
    ///   - earlier: of the one before this, which may have gone away since.
    public init(wall: Int64, boot: Int64, after earlier: Reading? = nil) {
        self.boot = boot
        halves = 2 * (earlier?.time(at: wall) ?? wall)
    }

    /// Unix milliseconds.
    public mutating func read(wall: Int64, boot: Int64) -> Int64 {
        halves += max(0, boot - self.boot)
        self.boot = max(boot, self.boot)
        if halves < 2 * wall || halves > 2 * (wall + Self.maximumLead) { halves = 2 * wall }
        return halves / 2
    }
}
