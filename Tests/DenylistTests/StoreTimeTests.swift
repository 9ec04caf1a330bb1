import Testing

@testable import Denylist

/// What `TIME` answers while the wall clock is set.
@Suite struct StoreTimeTests {
    private static let start: Int64 = 1_790_000_000_000

    /// A machine whose clocks a test moves.
    private struct Machine {
        var wall = StoreTimeTests.start
        var boot: Int64 = 50_000
        var time = StoreTime(StoreTimeTests.start, boot: 50_000)

        /// - Returns: what the time is after so many milliseconds.
        mutating func pass(_ milliseconds: Int64) -> Int64 {
            wall += milliseconds
            boot += milliseconds
            return read()
        }

        mutating func set(by milliseconds: Int64) -> Int64 {
            wall += milliseconds
            return read()
        }

        mutating func read() -> Int64 {
            _ = time.follow(wall: wall, boot: boot)
            return time.read(wall: wall, boot: boot)
        }
    }

    @Test func itIsTheWallClock() {
        var machine = Machine()
        for passed in [0, 1, 999, 86_400_000] as [Int64] { #expect(machine.pass(passed) == machine.wall) }
    }

    @Test func aheadOfTheWallClockItRunsSlowerByATenth() {
        var machine = Machine()
        #expect(machine.set(by: -20_000) == Self.start)
        #expect(machine.pass(100_000) == Self.start + 90_000)
        #expect(machine.pass(99_000) > machine.wall)
        #expect(machine.pass(2_000) == machine.wall)
        #expect(machine.pass(5_000) == machine.wall)
    }

    @Test func aSmallJumpAheadIsFollowed() {
        var machine = Machine()
        for jump in [6, 1_000, 30_000, 30_000] as [Int64] { #expect(machine.set(by: jump) == machine.wall) }
        #expect(machine.time.disagreement(wall: machine.wall, boot: machine.boot) == nil)
    }

    @Test(arguments: [30_001, 86_400_000, 50 * 31_536_000_000]) func aLargeJumpAheadIsNot(_ jump: Int64) {
        var machine = Machine()
        #expect(machine.set(by: jump) == Self.start)
        #expect(machine.pass(60_000) == Self.start + 60_000)
        #expect(machine.time.disagreement(wall: machine.wall, boot: machine.boot) == .wallAhead(jump))
        #expect(machine.set(by: -jump) == machine.wall)
        #expect(machine.time.disagreement(wall: machine.wall, boot: machine.boot) == nil)
    }

    @Test func farAheadOfTheWallClockItAsksForAnOperator() {
        var machine = Machine()
        #expect(machine.set(by: -86_400_000) == Self.start)
        #expect(machine.time.disagreement(wall: machine.wall, boot: machine.boot) == .wallBehind(86_400_000))
    }

    @Test(arguments: 0..<20) func itNeverGoesBack(seed: UInt64) {
        var random = Xorshift(seed: seed + 1)
        var machine = Machine()
        var last = machine.read()
        for _ in 0..<2_000 {
            let now =
                switch random.next() % 4 {
                case 0: machine.set(by: Int64(random.next() % 200_000) - 100_000)
                case 1: machine.pass(Int64(random.next() % 100_000))
                default: machine.pass(Int64(random.next() % 20))
                }
            #expect(now >= last)
            last = now
        }
        #expect(last > Self.start)
    }

    @Test func afterARebootItIsTheWallClockButNoEarlierThanAnythingThatWasAnswered() {
        let left = ClockCheckpoint(guarded: 0, time: Self.start, limit: Self.start + 15_000, boot: 9, identity: nil)
        for wall in [Self.start - 86_400_000, Self.start, Self.start + 15_001, Self.start + 86_400_000] {
            let time = left.storeTime(at: ClockSample(wall: wall, boot: 5, identity: nil))
            #expect(time.time(at: 5) == max(wall, Self.start + 15_000))
        }
    }

    @Test func onTheSameBootClockItGoesOnExactly() {
        let identity = BootIdentity(bootID: "one", timeNamespace: "time:[1]+0")
        let left = ClockCheckpoint(
            guarded: 0, time: Self.start, limit: Self.start + 15_000, boot: 50_000, identity: identity)
        let now = ClockSample(wall: Self.start + 86_400_000, boot: 51_000, identity: identity)
        #expect(left.storeTime(at: now).time(at: 51_000) == Self.start + 1_000)
    }
}

/// A small generator that is the same everywhere.
private struct Xorshift {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
