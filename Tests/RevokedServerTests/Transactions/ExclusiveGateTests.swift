import Foundation
import Synchronization
import Testing

@testable import RevokedServer

/// One thread executes while no other does, and none waits for ever.
@Suite struct ExclusiveGateTests {
    /// Threads that all want the exclusive turn again and again, between ordinary turns, while others come and go.
    @Test func turnsAreExclusiveAndEnd() async {
        let daemon = SessionBench.daemon()
        // Only the exclusive turn changes them, one after the other.
        let (first, second) = (Shared(), Shared())
        let torn = Counter(left: 0)
        let rounds = 2_000
        await Self.onThreads(6) { thread in
            var context = ServingContext(daemon)
            for round in 0..<rounds {
                if thread == 5, round % 100 == 0 { context = ServingContext(daemon) }
                context.beginTurn()
                if first.value != second.value { _ = torn.finish() }
                if thread < 3 {
                    _ = context.executeAlone { _ in
                        first.value += 1
                        second.value += 1
                    }
                }
                context.endTurn()
            }
        }
        #expect(first.value == 3 * rounds)
        #expect(second.value == 3 * rounds)
        #expect(torn.count == 0)
    }

    /// A thread that takes its turn again and again does not keep another from the exclusive one.
    @Test func aBusyThreadLetsOthersIn() async {
        let daemon = SessionBench.daemon()
        let isDone = Counter(left: 1)
        await Self.onThreads(2) { thread in
            var context = ServingContext(daemon)
            if thread == 0 {
                while isDone.count > 0 {
                    context.beginTurn()
                    context.endTurn()
                }
            } else {
                for _ in 0..<1_000 {
                    context.beginTurn()
                    _ = context.executeAlone { _ in }
                    context.endTurn()
                }
                _ = isDone.finish()
            }
        }
        #expect(isDone.count == 0)
    }

    /// Within the exclusive turn another one is the same.
    @Test func turnsNest() {
        var context = ServingContext(SessionBench.daemon())
        context.beginTurn()
        var depth = 0
        _ = context.executeAlone { context in
            depth += 1
            _ = context.executeAlone { _ in depth += 1 }
            let isAlone = context.isAlone
            #expect(isAlone)
        }
        #expect(depth == 2)
        let isAlone = context.isAlone
        #expect(!isAlone)
        context.endTurn()
    }

    private static func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let counter = Counter(left: count)
            for number in 0..<count {
                Thread.detachNewThread {
                    body(number)
                    if counter.finish() { continuation.resume() }
                }
            }
        }
    }

    private final class Counter: Sendable {
        private let left: Atomic<Int>
        init(left: Int) { self.left = Atomic(left) }
        var count: Int { left.load(ordering: .acquiring) }
        /// - Returns: whether that was the last.
        func finish() -> Bool { left.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
    }

    // @unchecked: the gate under test guards it.
    private final class Shared: @unchecked Sendable {
        var value = 0
    }
}
