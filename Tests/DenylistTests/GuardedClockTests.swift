import Testing

@testable import Denylist

@Suite struct GuardedClockTests {
    private static let start: Int64 = 1_790_000_000_000
    private static let one = BootIdentity(bootID: "one", timeNamespace: "time:[1]+0")

    private static func checkpoint(identity: BootIdentity? = one) -> ClockCheckpoint {
        ClockCheckpoint(guarded: start, time: start + 7, limit: start + 99, boot: 50_000, identity: identity)
    }

    @Test func itRunsWithTheBootClockAlone() {
        let clock = GuardedClock(at: Self.start, boot: 50_000)
        #expect(clock.time(at: 50_000) == Self.start)
        #expect(clock.time(at: 51_234) == Self.start + 1_234)
    }

    /// A clock that was never set says 1970, one that is broken anything: times that count from it still fit
    /// everywhere.
    @Test(arguments: [Int64.min, -1, 0, 999_999_999_999]) func itBeginsIn2001AtTheEarliest(_ wall: Int64) {
        #expect(GuardedClock(at: wall, boot: 7).time(at: 7) == GuardedClock.range.lowerBound)
    }

    @Test(arguments: [4_000_000_000_001, Int64.max]) func itBeginsIn2096AtTheLatest(_ wall: Int64) {
        #expect(GuardedClock(at: wall, boot: 7).time(at: 7) == GuardedClock.range.upperBound)
    }

    @Test(arguments: [-86_400_000, 0, 86_400_000]) func onTheSameBootClockItGoesOnExactly(_ error: Int64) {
        let now = ClockSample(wall: Self.start + error, boot: 53_000, identity: Self.one)
        #expect(Self.checkpoint().guardedClock(at: now).time(at: 53_000) == Self.start + 3_000)
    }

    /// Another boot, another time namespace, a boot clock that was set back, a machine that does not tell: nobody knows
    /// how much time has passed, so none has.
    @Test(
        arguments: [
            (BootIdentity(bootID: "two", timeNamespace: "time:[1]+0"), 90_000),
            (BootIdentity(bootID: "one", timeNamespace: "time:[2]+0"), 90_000),
            (BootIdentity(bootID: "one", timeNamespace: "time:[1]+77"), 90_000), (one, 49_999), (nil, 90_000),
        ] as [(BootIdentity?, Int64)])
    func onAnotherItGoesOnFromWhereItWasLeft(_ identity: BootIdentity?, _ boot: Int64) {
        let now = ClockSample(wall: Self.start + 86_400_000, boot: boot, identity: identity)
        #expect(Self.checkpoint().guardedClock(at: now).time(at: boot) == Self.start)
        #expect(Self.checkpoint(identity: nil).guardedClock(at: now).time(at: boot) == Self.start)
    }

    @Test(arguments: ["", "two words", "line\n", "ö", String(repeating: "x", count: 81)])
    func aNameThatCannotBeKeptIsNone(_ name: String) {
        #expect(BootIdentity(bootID: name, timeNamespace: "time:[1]+0") == nil)
        #expect(BootIdentity(bootID: "one", timeNamespace: name) == nil)
    }
}
