import TestSupport
import Testing

@testable import Revocation

@Suite struct ConnectionLifecycleTests {
    private let failure = StoreFailure(.unreachable, "gone")
    private var random = SeededGenerator(seed: 1)

    @Test mutating func theFirstCallConnectsAndTheOthersWaitWithIt() {
        var lifecycle = ConnectionLifecycle()
        #expect(lifecycle.admit() == .holdAndConnect)
        #expect(lifecycle.admit() == .hold)
        #expect(lifecycle.connected() == true)
        #expect(lifecycle.admit() == .send)
    }

    @Test mutating func callsFailAtOnceWhileTheConnectionIsDown() {
        var lifecycle = ConnectionLifecycle()
        _ = lifecycle.admit()
        #expect(lifecycle.lost(failure, using: &random) != nil)
        #expect(lifecycle.admit() == .fail(failure))
        #expect(lifecycle.isWanted)
        #expect(lifecycle.connected() == true)
        #expect(lifecycle.admit() == .send)
        #expect(lifecycle.lost(failure, using: &random) != nil)
        #expect(lifecycle.admit() == .fail(failure))
    }

    @Test mutating func callsWaitForAnAttemptThatWillProbablySucceed() {
        var lifecycle = ConnectionLifecycle()
        #expect(lifecycle.attemptAtOnce() == false)
        _ = lifecycle.admit()
        #expect(lifecycle.attemptAtOnce() == false)
        _ = lifecycle.lost(failure, using: &random)
        #expect(lifecycle.attemptAtOnce() == true)
        #expect(lifecycle.admit() == .hold)
        _ = lifecycle.lost(failure, using: &random)
        #expect(lifecycle.admit() == .fail(failure))
        #expect(lifecycle.attemptAtOnce() == true)
        #expect(lifecycle.connected() == true)
        #expect(lifecycle.attemptAtOnce() == false)
        lifecycle.close()
        #expect(lifecycle.attemptAtOnce() == false)
    }

    @Test mutating func closedIsForGood() {
        var lifecycle = ConnectionLifecycle()
        _ = lifecycle.admit()
        lifecycle.close()
        #expect(lifecycle.admit() == .fail(.closed))
        #expect(lifecycle.connected() == false)
        #expect(!lifecycle.isWanted)
        #expect(lifecycle.lost(failure, using: &random) == nil)
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
