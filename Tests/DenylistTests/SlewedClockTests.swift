import Denylist
import Testing

@Suite struct SlewedClockTests {
    private static let start: Int64 = 1_700_000_000_000

    /// The two clocks of a machine, and the slewed clock that reads them.
    private struct Machine {
        var wall = SlewedClockTests.start
        var boot: Int64 = 50_000
        var clock = SlewedClock(wall: SlewedClockTests.start, boot: 50_000)

        mutating func pass(_ milliseconds: Int64) -> Int64 {
            boot += milliseconds
            wall += milliseconds
            return clock.read(wall: wall, boot: boot)
        }
    }

    @Test func followsTheWallClock() {
        var machine = Machine()
        for step in [1, 0, 7, 1_000, 86_400_000] as [Int64] { #expect(machine.pass(step) == machine.wall) }
        machine.wall += 5_000
        #expect(machine.pass(3) == machine.wall, "forward at once")
    }

    @Test(arguments: [1, 40, 60_000] as [Int64])
    func doesNotGoBackWithIt(step: Int64) {
        var machine = Machine()
        var last = machine.pass(10)
        machine.wall -= step
        #expect(machine.pass(0) == last)
        // Read every millisecond: half of one must not be rounded away.
        for passed in 1...(2 * step) {
            let time = machine.pass(1)
            #expect(time >= last)
            #expect(time - machine.wall == (2 * step - passed) / 2)
            last = time
        }
        #expect(last == machine.wall, "the wall clock has caught up")
        #expect(machine.pass(500) == machine.wall)
    }

    @Test func aTimeThatWasWrongIsPutRight() {
        var machine = Machine()
        machine.wall -= 60_001
        #expect(machine.pass(0) == machine.wall)
        machine.wall += 86_400_000
        #expect(machine.pass(0) == machine.wall)
        machine.wall -= 86_400_000
        #expect(machine.pass(1) == machine.wall)
    }

    @Test func aClockThatStandsStillIsNotSetBack() {
        var clock = SlewedClock(wall: Self.start, boot: 0)
        for boot in [1, 7, 5_000] as [Int64] { #expect(clock.read(wall: Self.start, boot: boot) == Self.start) }
    }

    /// Set back, and put right again before it has caught up.
    @Test func puttingItForwardIsNoPassingOfTime() {
        var machine = Machine()
        let before = machine.pass(0)
        machine.wall -= 20_000
        #expect(machine.pass(0) == before)
        #expect(machine.pass(2_000) == before + 1_000)
        machine.wall += 15_000
        #expect(machine.pass(0) == before + 1_000)
        machine.wall += 5_000
        #expect(machine.pass(0) == before + 2_000)
    }

    @Test func stepsBackAddUp() {
        var machine = Machine()
        let before = machine.pass(0)
        for _ in 0..<3 {
            machine.wall -= 20_000
            #expect(machine.pass(0) == before)
        }
        machine.wall -= 1
        #expect(machine.pass(0) == machine.wall)
    }

    @Test(arguments: [0, 1, 30_000, 119_999, 120_000, 500_000] as [Int64])
    func anotherGoesOnFromAReading(away: Int64) {
        var machine = Machine()
        machine.wall -= 60_000
        let reading = SlewedClock.Reading(time: machine.pass(0), wall: machine.wall)
        let time = machine.pass(away)
        var other = SlewedClock(wall: machine.wall, boot: 7, after: reading)
        #expect(other.read(wall: machine.wall, boot: 7) == time)
    }

    @Test func aReadingOfAnotherAgeIsOfNoUse() {
        for reading in [SlewedClock.Reading(time: Self.start + 60_001, wall: Self.start), .init(time: 5, wall: 5)] {
            var clock = SlewedClock(wall: Self.start, boot: 0, after: reading)
            #expect(clock.read(wall: Self.start, boot: 0) == Self.start)
        }
        // The wall clock was set back once more in between.
        var clock = SlewedClock(
            wall: Self.start - 20_000, boot: 0, after: .init(time: Self.start + 20_000, wall: Self.start))
        #expect(clock.read(wall: Self.start - 20_000, boot: 0) == Self.start + 20_000)
    }
}
