import Testing

@testable import Denylist

/// `TIME` answers nothing that what is on disk does not cover.
@Suite struct DurableTimeTests {
    private static let start: Int64 = 1_790_000_000_000
    private let guarded = GuardedClock(at: start, boot: 0)

    private func sample(_ passed: Int64, error: Int64 = 0) -> ClockSample {
        ClockSample(wall: Self.start + passed + error, boot: passed, identity: nil)
    }

    private func kept() -> DurableTime {
        var time = DurableTime(StoreTime(Self.start, boot: 0))
        time.stored(time.checkpoint(sample(0), guarded))
        return time
    }

    @Test func itStandsStillWhereTheDiskDoesNotCoverIt() {
        var time = kept()
        #expect(time.read(wall: Self.start + 14_999, boot: 14_999) == Self.start + 14_999)
        #expect(time.read(wall: Self.start + 99_000, boot: 99_000) == Self.start + 15_000)
        #expect(time.isDue(wall: Self.start + 99_000, boot: 99_000))
        time.stored(time.dueCheckpoint(sample(99_000), guarded))
        #expect(time.read(wall: Self.start + 99_000, boot: 99_000) == Self.start + 99_000)
    }

    @Test func aCheckpointIsDueEveryFiveSeconds() {
        let time = kept()
        #expect(!time.isDue(wall: Self.start + 5_000, boot: 5_000))
        #expect(time.isDue(wall: Self.start + 5_001, boot: 5_001))
    }

    @Test func aJumpIsFollowedOnceItIsOnDisk() {
        var time = kept()
        let jumped = sample(100, error: 20_000)
        #expect(time.isDue(wall: jumped.wall, boot: jumped.boot))
        let checkpoint = time.dueCheckpoint(jumped, guarded)
        #expect(checkpoint.time == jumped.wall)
        #expect(time.read(wall: jumped.wall, boot: jumped.boot) == Self.start + 100)
        time.stored(checkpoint)
        #expect(time.read(wall: jumped.wall, boot: jumped.boot) == jumped.wall)
        #expect(!time.isDue(wall: jumped.wall, boot: jumped.boot))
    }

    @Test func theOperatorsWordHoldsOnceItIsOnDisk() {
        for error in [86_400_000, -86_400_000] as [Int64] {
            var time = kept()
            let now = sample(100, error: error)
            #expect(!time.isDue(wall: now.wall, boot: now.boot))
            #expect(time.disagreement(wall: now.wall, boot: now.boot) != nil)
            time.trust(now, guarded)
            #expect(time.isDue(wall: now.wall, boot: now.boot))
            let checkpoint = time.dueCheckpoint(now, guarded)
            #expect(time.read(wall: now.wall, boot: now.boot) == Self.start + 100)
            #expect(time.stored(checkpoint) == true)
            #expect(time.read(wall: now.wall, boot: now.boot) == now.wall)
            #expect(time.disagreement(wall: now.wall, boot: now.boot) == nil)
        }
    }

    @Test func aWordThatCannotBeKeptChangesNothing() {
        var time = kept()
        let now = sample(100, error: -86_400_000)
        time.trust(now, guarded)
        #expect(time.failed(time.dueCheckpoint(now, guarded)) == true)
        #expect(time.read(wall: now.wall, boot: now.boot) == Self.start + 100)
        #expect(!time.isDue(wall: now.wall, boot: now.boot))
    }

    @Test func theLastCheckpointReservesNothing() {
        let checkpoint = kept().checkpoint(sample(100), guarded, isLast: true)
        #expect(checkpoint.limit == Self.start + 100 && checkpoint.guarded == Self.start + 100)
    }

    @Test func withoutADiskItFollowsAtOnce() {
        var time = DurableTime(StoreTime(Self.start, boot: 0))
        #expect(time.followUnkept(wall: Self.start + 20_000, boot: 0) == false)
        #expect(time.read(wall: Self.start + 20_000, boot: 0) == Self.start + 20_000)
        time.trust(sample(0, error: 86_400_000), guarded)
        #expect(time.followUnkept(wall: Self.start + 86_400_000, boot: 0) == true)
        #expect(time.read(wall: Self.start + 86_400_000, boot: 0) == Self.start + 86_400_000)
    }
}
