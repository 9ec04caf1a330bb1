import Denylist
import Testing

@Suite struct GuardedClockTests {
    private static let start: Int64 = 1_700_000_000_000
    private static let day: Int64 = 86_400_000
    private static let hour: Int64 = 3_600_000

    /// The two clocks of a machine, and the guarded clock that reads them.
    private struct Machine {
        var wall = GuardedClockTests.start
        var boot: Int64 = 50_000
        var clock = GuardedClock(wall: GuardedClockTests.start, boot: 50_000)
        var guarded: Int64 { lastMoment.guarded }
        private(set) var lastMoment = Moment(GuardedClockTests.start)

        mutating func pass(_ milliseconds: Int64, wallToo: Int64? = nil) {
            boot += milliseconds
            wall += wallToo ?? milliseconds
            let moment = clock.advance(wall: wall, boot: boot)
            #expect(moment.guarded >= lastMoment.guarded)
            #expect(moment.wall == wall)
            lastMoment = moment
        }

        /// How far ahead of the time that really passed it is.
        var gain: Int64 { guarded - GuardedClockTests.start - (boot - 50_000) }
    }

    @Test func followsTime() {
        var machine = Machine()
        for _ in 0..<1_000 { machine.pass(100) }
        #expect(machine.guarded == machine.wall)
        // A suspended machine: the boot clock counts it.
        machine.pass(9 * Self.hour)
        #expect(machine.guarded == machine.wall)
    }

    @Test func aJumpAheadForASecondForgetsNothing() {
        var machine = Machine()
        machine.pass(1_000, wallToo: Self.day)
        #expect(machine.gain == 60_000)
        machine.pass(1_000)
        #expect(machine.gain == 60_000)
        machine.pass(0, wallToo: -Self.day)
        machine.pass(Self.day)
        #expect(machine.gain == 60_000)
    }

    @Test func aJumpBackDoesNotStopIt() {
        var machine = Machine()
        machine.pass(1_000, wallToo: -Self.day)
        #expect(machine.gain == 0)
        for _ in 0..<1_000 { machine.pass(1_000) }
        #expect(machine.gain == 0)
        #expect(machine.lastMoment.later == machine.guarded)
        // And back to where it was.
        machine.pass(1_000, wallToo: Self.day)
        #expect(machine.gain == 0)
    }

    @Test func aMachineThatWasPausedStaysBehind() {
        // The boot clock of a paused virtual machine stands still: what was revoked before is kept longer.
        var machine = Machine()
        machine.pass(0, wallToo: 10 * 60_000)
        #expect(machine.gain == 60_000)
        for _ in 0..<(9 * 60 + 20) { machine.pass(60_000) }
        #expect(machine.gain == 60_000)
        #expect(machine.lastMoment.later == machine.wall)
    }

    @Test func gainsAtMostAMinuteInAll() {
        var machine = Machine()
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let jump = Int64.random(in: -2 * Self.day...2 * Self.day, using: &generator)
            machine.pass(Int64.random(in: 0..<30_000, using: &generator), wallToo: jump)
            #expect((0...60_000).contains(machine.gain))
        }
        #expect(machine.gain == 60_000)
    }

    @Test func toAndFroWithinSecondsGainsOneStep() {
        var machine = Machine()
        for _ in 0..<1_000 {
            machine.pass(1_000, wallToo: Self.day)
            machine.pass(1_000, wallToo: -Self.day)
        }
        #expect(machine.gain == 60_000)
    }

    @Test func aLeapSecondIsNotLostOrGained() {
        var machine = Machine()
        // A second is repeated: the wall clock steps back by one.
        machine.pass(1_000, wallToo: 0)
        #expect(machine.gain == 0)
        // Smeared over a day instead: slower, never behind by more than that second.
        for _ in 0..<1_000 { machine.pass(86_400, wallToo: 86_399) }
        #expect(machine.gain == 0)
        #expect(machine.guarded - machine.wall == 2_000)
    }

    @Test func followsAClockThatIsSlewed() {
        // NTP slews by 500 parts per million at most; the wall clock gains 0.5 ms each second.
        var machine = Machine()
        for _ in 0..<(24 * 3_600 / 10) { machine.pass(10_000, wallToo: 10_005) }
        #expect(machine.guarded == machine.wall)
    }

    @Test func readingsOutOfOrderDoNoHarm() {
        var machine = Machine()
        machine.pass(5_000)
        let earlier = machine.clock.advance(wall: machine.wall - 3_000, boot: machine.boot - 3_000)
        #expect(earlier.guarded == machine.guarded)
        machine.pass(1_000)
        #expect(machine.gain == 0)
    }
}
