import Denylist
import Synchronization
import Testing

@testable import RevokedServer

@Suite struct ServerClockTests {
    private final class Clocks: Sendable {
        let wall = Atomic<Int64>(1_790_000_000_000)
        let boot = Atomic<Int64>(1_000_000)

        func source() -> TimeSource {
            TimeSource(wall: { self.wall.load(ordering: .relaxed) }, boot: { self.boot.load(ordering: .relaxed) })
        }
    }

    @Test func guardedTimeAdvancesWithTheBootClock() {
        let clocks = Clocks()
        let clock = ServerClock(clocks.source())
        clocks.boot.wrappingAdd(5000, ordering: .relaxed)
        #expect(clock.now().guarded == 1_790_000_005_000)
        #expect(clock.now().wall == 1_790_000_000_000)
        #expect(clock.now().later == 1_790_000_005_000)
        clock.tick()
        #expect(clock.now().guarded == 1_790_000_005_000)
    }

    @Test func aJumpOfTheWallClockIsFollowedByAMinute() {
        let clocks = Clocks()
        let clock = ServerClock(clocks.source())
        clocks.wall.wrappingAdd(86_400_000, ordering: .relaxed)
        #expect(clock.now().guarded == 1_790_000_000_000, "not before a tick")
        for _ in 0..<10 { clock.tick() }
        #expect(clock.now().guarded == 1_790_000_060_000)
        clocks.wall.wrappingSubtract(2 * 86_400_000, ordering: .relaxed)
        clock.tick()
        #expect(clock.now().guarded == 1_790_000_060_000, "it never goes back")
    }

    @Test func whatTimeAnswersNeverGoesBack() {
        let clocks = Clocks()
        let clock = ServerClock(clocks.source())
        clocks.wall.wrappingSubtract(20_000, ordering: .relaxed)
        #expect(clock.time() == 1_790_000_000_000)
        #expect(clock.now().wall == 1_789_999_980_000)
        clocks.wall.wrappingAdd(30_000, ordering: .relaxed)
        clocks.boot.wrappingAdd(30_000, ordering: .relaxed)
        #expect(clock.time() == 1_790_000_015_000)
    }

    @Test func anotherDaemonGoesOnFromWhatWasLeft() throws {
        let clocks = Clocks()
        let clock = ServerClock(clocks.source())
        func pass(_ milliseconds: Int64) {
            clocks.wall.wrappingAdd(milliseconds, ordering: .relaxed)
            clocks.boot.wrappingAdd(milliseconds, ordering: .relaxed)
        }
        #expect(clock.takeReading() == nil, "nobody has been told a time")
        #expect(clock.time() == 1_790_000_000_000)
        let reading = try #require(clock.takeReading())
        #expect(clock.takeReading() == nil)
        // What was answered before the next reading could be left is covered, too.
        pass(900)
        let last = clock.time()
        clocks.wall.wrappingSubtract(20_000, ordering: .relaxed)
        let after = ServerClock(clocks.source())
        after.goOn(after: reading)
        #expect(after.time() >= last)
        #expect(after.time() <= last + ServerClock.reserve)
        pass(60_000)
        #expect(after.time() == after.now().wall)
    }
}
