import Denylist
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import RevokedServer

@Suite struct ServerClockTests {
    private static let start: Int64 = 1_790_000_000_000

    @Test(arguments: [-86_400_000, 20_000, 86_400_000]) func guardedTimeRunsWithTheBootClockAlone(_ jump: Int64) {
        let clocks = TestClock(wall: Self.start)
        let clock = ServerClock(clocks.source)
        clocks.advance(.milliseconds(5_000))
        clocks.setWall(by: .milliseconds(jump))
        clock.followUnkept()
        let now = clock.now()
        #expect(now.guarded == Self.start + 5_000 && now.wall == Self.start + 5_000 + jump)
        #expect(now.later - now.guarded == max(0, jump) && now.later - now.wall == max(0, -jump))
    }

    /// Until a data directory has said where the clocks go on, nothing has ended.
    @Test func beforeItIsKnownWhereGuardedTimeGoesOnItIsAsEarlyAsCanBe() {
        let clock = ServerClock(TestClock(wall: Self.start).source, resumes: true)
        #expect(clock.now().guarded == GuardedClock.range.lowerBound)
        clock.resume(after: ClockEvidence())
        #expect(clock.now().guarded == Self.start)
    }

    @Test func aDaemonWithADirectoryWaitsForWhatThatSays() {
        for directory in [nil, "anywhere"] {
            let bench = SessionBench { $0.directory = directory }
            let now = bench.daemon.clock.now()
            #expect(now.guarded == (directory == nil ? now.wall : GuardedClock.range.lowerBound))
            // What a daemon before has answered is not known yet either.
            #expect(bench.ask("TIME").hasPrefix(directory == nil ? "*2" : "-LOADING"))
        }
    }

    @Test func whatTimeAnswersNeverGoesBack() {
        let clocks = TestClock(wall: Self.start)
        let clock = ServerClock(clocks.source)
        clocks.setWall(by: .milliseconds(-20_000))
        #expect(clock.time() == Self.start)
        #expect(clock.now().wall == Self.start - 20_000)
        clocks.advance(.milliseconds(30_000))
        #expect(clock.time() == Self.start + 27_000)
        #expect(clock.lead == 17_000)
    }

    @Test func theOperatorsWordIsToldWhenItHolds() {
        for isStored in [true, false] {
            let clocks = TestClock(wall: Self.start)
            let clock = ServerClock(clocks.source)
            clock.stored(clock.checkpoint(isLast: false))
            clocks.setWall(by: .milliseconds(86_400_000))
            #expect(clock.disagreement == .wallAhead(86_400_000))
            let told = Mutex<Bool?>(nil)
            clock.trust { isDone in told.withLock { $0 = isDone } }
            #expect(told.withLock { $0 } == nil && clock.time() == Self.start)
            let checkpoint = clock.dueCheckpoint()
            if let checkpoint { isStored ? clock.stored(checkpoint) : clock.failed(checkpoint) }
            #expect(told.withLock { $0 } == isStored)
            #expect(clock.time() == (isStored ? Self.start + 86_400_000 : Self.start))
            #expect(clock.now().guarded == Self.start, "it does not follow")
        }
    }

    /// The machine's own clocks: they run, and say which they are.
    @Test func theSystemTellsItsTimes() {
        let first = TimeSource.system.sample()
        let second = TimeSource.system.sample()
        #expect(first.wall > 1_700_000_000_000 && first.boot > 0 && second.boot >= first.boot)
        #if os(Linux)
            #expect(first.identity != nil && first.identity == second.identity)
            // Kernels without time namespaces have neither of the files.
            #expect(
                first.identity?.timeNamespace.hasPrefix("time:[") == true
                    || first.identity?.timeNamespace == "none+0")
        #endif
    }

    #if os(Linux)
        /// The number of a namespace is used again: what it adds to the boot clock is a part of its name.
        @Test func aTimeNamespaceIsKnownByWhatItAddsToo() {
            func name(_ link: String?, _ offsets: String) -> String {
                TimeSource.timeNamespace(link, offsets: offsets.split(whereSeparator: \.isWhitespace).map(String.init))
            }
            let file = "monotonic           0         0\nboottime      86400        17\n"
            #expect(name("time:[4026531834]", file) == "time:[4026531834]+86400.17")
            #expect(name("time:[4026531834]", "monotonic 9 9\nboottime 0 0\n") == "time:[4026531834]+0.0")
            #expect(name("time:[4026531835]", file) != name("time:[4026531834]", file))
            #expect(name(nil, "") == "none+0")
        }
    #endif
}
