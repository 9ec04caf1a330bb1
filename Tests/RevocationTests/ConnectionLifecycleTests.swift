import NIOCore
import TestSupport
import Testing

@testable import Revocation

@Suite struct ConnectionLifecycleTests {
    private let failure = StoreFailure(.unreachable, "gone")
    private var random = SeededGenerator(seed: 1)
    private let now = NIODeadline.now()

    @Test mutating func theFirstCallConnectsAndTheOthersWaitWithIt() {
        var lifecycle = ConnectionLifecycle()
        #expect(lifecycle.admit() == .holdAndConnect)
        #expect(lifecycle.admit() == .hold)
        #expect(lifecycle.connected(at: now) == true)
        #expect(lifecycle.admit() == .send)
    }

    @Test mutating func callsFailAtOnceWhileTheConnectionIsDown() {
        var lifecycle = ConnectionLifecycle()
        _ = lifecycle.admit()
        #expect(lifecycle.lost(failure, at: now, using: &random) != nil)
        #expect(lifecycle.admit() == .fail(failure))
        #expect(lifecycle.isWanted)
        #expect(lifecycle.connected(at: now) == true)
        #expect(lifecycle.admit() == .send)
        #expect(lifecycle.lost(failure, at: now, using: &random) != nil)
        #expect(lifecycle.admit() == .fail(failure))
    }

    @Test mutating func callsWaitForAnAttemptThatWillProbablySucceed() {
        var lifecycle = ConnectionLifecycle()
        #expect(lifecycle.attemptAtOnce() == false)
        _ = lifecycle.admit()
        #expect(lifecycle.attemptAtOnce() == false)
        _ = lifecycle.lost(failure, at: now, using: &random)
        #expect(lifecycle.attemptAtOnce() == true)
        #expect(lifecycle.admit() == .hold)
        _ = lifecycle.lost(failure, at: now, using: &random)
        #expect(lifecycle.admit() == .fail(failure))
        #expect(lifecycle.isDue() == true)
        #expect(lifecycle.attemptAtOnce(isUnderWay: true) == true)
        #expect(lifecycle.connected(at: now) == true)
        #expect(lifecycle.attemptAtOnce() == false)
        lifecycle.close()
        #expect(lifecycle.attemptAtOnce() == false)
    }

    /// A store that is lost behind each handshake: attempts become rare.
    @Test mutating func aConnectionThatIsLostAtOnceIsNoSuccess() {
        var lifecycle = ConnectionLifecycle()
        _ = lifecycle.admit()
        for ceiling in [50, 100, 200, 400, 800, 1_600, 2_000] {
            #expect(lifecycle.connected(at: now) == true)
            let end = now + ConnectionLifecycle.shortestLife - .nanoseconds(1)
            let wait = lifecycle.lost(failure, at: end, using: &random)
            #expect(wait.map { $0 >= .milliseconds(ceiling) / 2 } == true)
        }
        #expect(lifecycle.connected(at: now) == true)
        let wait = lifecycle.lost(failure, at: now + ConnectionLifecycle.shortestLife, using: &random)
        #expect(wait.map { $0 <= Backoff.shortest } == true)
    }

    /// Two that are lost behind each handshake must not bring each other back for ever.
    @Test mutating func oneAttemptIsBroughtForwardUntilTheNextIsDue() {
        var lifecycle = ConnectionLifecycle()
        _ = lifecycle.admit()
        _ = lifecycle.lost(failure, at: now, using: &random)
        for _ in 0..<3 {
            #expect(lifecycle.attemptAtOnce() == true)
            #expect(lifecycle.connected(at: now) == true)
            _ = lifecycle.lost(failure, at: now, using: &random)
            #expect(lifecycle.attemptAtOnce() == false)
            #expect(lifecycle.admit() == .fail(failure))
            #expect(lifecycle.isDue() == true)
            _ = lifecycle.lost(failure, at: now, using: &random)
        }
        #expect(lifecycle.attemptAtOnce() == true)
        #expect(lifecycle.connected(at: now) == true)
        _ = lifecycle.lost(failure, at: now + ConnectionLifecycle.shortestLife, using: &random)
        #expect(lifecycle.attemptAtOnce() == true)
    }

    @Test mutating func closedIsForGood() {
        var lifecycle = ConnectionLifecycle()
        _ = lifecycle.admit()
        lifecycle.close()
        #expect(lifecycle.admit() == .fail(.closed))
        #expect(lifecycle.connected(at: now) == false)
        #expect(!lifecycle.isWanted)
        #expect(lifecycle.lost(failure, at: now, using: &random) == nil)
    }

    @Test mutating func waitsDoubleWithinBoundsAndStartAgainAfterASuccess() {
        var backoff = Backoff()
        for ceiling in [50, 100, 200, 400, 800, 1_600, 2_000, 2_000] {
            let wait = backoff.next(using: &random)
            #expect(wait >= .milliseconds(ceiling) / 2 && wait <= .milliseconds(ceiling))
        }
        backoff.reset()
        #expect(backoff.next(using: &random) <= Backoff.shortest)
    }

    @Test mutating func waitsAreJittered() {
        let waits = Set(
            (0..<100).map { _ in
                var backoff = Backoff()
                return backoff.next(using: &random)
            })
        #expect(waits.count > 50)
    }
}
