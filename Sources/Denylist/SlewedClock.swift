/// The time that whoever issues tokens and sets cut-offs goes by: the wall clock, but it does not go back with it.
///
/// A token that was issued before the wall clock was set back would otherwise lie behind the cut-off of a "log out
/// everywhere" that follows, and live on. So when the wall clock goes back by 60 s or less, this clock goes on at half
/// speed until the wall clock has caught up. If it goes back by more, its time was wrong before, and this clock follows.
public struct SlewedClock: Sendable {
    /// The most that it may be ahead of the wall clock, in milliseconds.
    public static let maximumLead: Int64 = 60_000

    /// What it said at some time of the wall clock, both in Unix milliseconds: another process can go on from there.
    public struct Reading: Sendable, Equatable {
        public let time: Int64
        public let wall: Int64

        public init(time: Int64, wall: Int64) {
            self.time = time
            self.wall = wall
        }
    }

    /// From where it goes on at half speed.
    private var base: Reading
    private var baseBoot: Int64
    private var latest: Reading

    /// - Parameters:
    ///   - boot: `CLOCK_BOOTTIME`, in milliseconds, as `wall`.
    ///   - earlier: of the one before this, which may have gone away since.
    public init(wall: Int64, boot: Int64, after earlier: Reading? = nil) {
        let time = earlier.map { $0.time + max(0, wall - $0.wall) / 2 } ?? wall
        base = Reading(time: time, wall: wall)
        baseBoot = boot
        latest = base
    }

    /// Unix milliseconds.
    public mutating func read(wall: Int64, boot: Int64) -> Int64 {
        if wall < latest.wall { go(onFrom: latest.time, wall, boot) }
        // A wall clock that is put forward is no passing of time, nor is a boot clock beside one that stands still.
        let passed = max(0, min(wall - base.wall, boot - baseBoot))
        var time = max(wall, base.time + passed / 2)
        if time - wall > Self.maximumLead {
            go(onFrom: wall, wall, boot)
            time = wall
        }
        latest = Reading(time: time, wall: wall)
        return time
    }

    private mutating func go(onFrom time: Int64, _ wall: Int64, _ boot: Int64) {
        base = Reading(time: time, wall: wall)
        baseBoot = boot
    }
}
