import Denylist
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where time comes from, in milliseconds: passed in, so that tests can move it.
public struct TimeSource: Sendable {
    /// Unix time.
    public var wall: @Sendable () -> Int64
    /// Time since boot, suspension included.
    public var boot: @Sendable () -> Int64

    public init(wall: @escaping @Sendable () -> Int64, boot: @escaping @Sendable () -> Int64) {
        self.wall = wall
        self.boot = boot
    }

    public static let system = TimeSource(
        wall: { read(CLOCK_REALTIME) },
        boot: {
            #if os(Linux)
                read(CLOCK_BOOTTIME)
            #else
                read(CLOCK_MONOTONIC)
            #endif
        })

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// The daemon's moment: the wall clock, and guarded time, which only ``tick()`` adjusts to it; and what `TIME` answers.
final class ServerClock: Sendable {
    private let source: TimeSource
    private let guarded: Mutex<GuardedClock>
    /// Guarded time minus time since boot.
    private let offset: Atomic<Int64>
    private let slewed: Mutex<Slewed>

    private struct Slewed {
        var clock: SlewedClock
        /// Whether a time was answered that ``takeReading()`` has not told of.
        var hasAnswered = false
    }

    /// Milliseconds that may be answered before the next reading is left.
    static let reserve: Int64 = 1_000

    init(_ source: TimeSource) {
        self.source = source
        let (wall, boot) = (source.wall(), source.boot())
        guarded = Mutex(GuardedClock(wall: wall, boot: boot))
        slewed = Mutex(Slewed(clock: SlewedClock(wall: wall, boot: boot)))
        offset = Atomic(wall - boot)
    }

    func now() -> Moment { read().moment }

    /// The moment, and the milliseconds since boot that it was read at.
    func read() -> (moment: Moment, uptime: Int64) {
        let boot = source.boot()
        return (Moment(wall: source.wall(), guarded: boot + offset.load(ordering: .relaxed)), boot)
    }

    /// Lets guarded time follow the wall clock, as far as ``GuardedClock`` allows. Called many times a minute.
    func tick() {
        guarded.withLock { clock in
            let boot = source.boot()
            let moment = clock.advance(wall: source.wall(), boot: boot)
            offset.store(moment.guarded - boot, ordering: .relaxed)
        }
    }

    /// What `TIME` answers: no earlier than what it answered before.
    func time() -> Int64 {
        slewed.withLock { slewed in
            slewed.hasAnswered = true
            return slewed.clock.read(wall: source.wall(), boot: source.boot())
        }
    }

    /// Goes on where a daemon before this one had left off.
    func goOn(after reading: SlewedClock.Reading) {
        slewed.withLock { $0.clock = SlewedClock(wall: source.wall(), boot: source.boot(), after: reading) }
    }

    /// From where a daemon after this one must go on; nil if that is known already. Asked for many times a minute.
    func takeReading() -> SlewedClock.Reading? {
        slewed.withLock { slewed in
            guard slewed.hasAnswered else { return nil }
            slewed.hasAnswered = false
            let wall = source.wall()
            let time = slewed.clock.read(wall: wall, boot: source.boot())
            return SlewedClock.Reading(time: time + Self.reserve, wall: wall)
        }
    }

    /// Milliseconds that no clock setting moves.
    func uptime() -> Int64 { source.boot() }
}
