import Testing

@testable import RevokedServer

/// How far a connection's input is read and executed while its replies wait, and how it ends.
@Suite struct OutputPolicyTests {
    private typealias Load = OutputPolicy.Load
    private typealias Totals = OutputPolicy.Totals

    /// A policy, and what is asked of it: expectations cannot call what changes a value.
    @dynamicMemberLookup
    private final class Tested {
        private var policy = OutputPolicy(outputLimit: 64 << 20)

        init(_ prepare: (inout OutputPolicy) -> Void = { _ in }) { prepare(&policy) }

        subscript<Value>(dynamicMember path: KeyPath<OutputPolicy, Value>) -> Value { policy[keyPath: path] }

        func after(_ event: (inout OutputPolicy) -> Void) { event(&policy) }
        func next(_ load: Load, _ totals: Totals = Totals(), at now: Int64 = 0) -> OutputPolicy.Decision {
            policy.next(load, totals, at: now)
        }
        func takeResume() -> Bool { policy.takeResume() }
        func mustMakeRoom(_ load: Load, _ totals: Totals) -> Bool { policy.mustMakeRoom(load, totals) }
        func hasDeadline(_ load: Load) -> Bool { policy.hasDeadline(load) }
        func overdue(_ load: Load, at now: Int64) -> OutputPolicy.Drop? { policy.overdue(load, at: now) }
    }

    private func unread(_ bytes: Int, input: Int = 0) -> Load { Load(pending: bytes, unread: bytes, input: input) }

    // MARK: Back-pressure

    @Test func whoReadsIsServed() {
        for (load, totals) in [
            (Load(), Totals()), (unread(16 << 20), Totals()), (Load(input: 1 << 20), Totals(output: 1 << 30)),
        ] {
            let policy = Tested()
            #expect(policy.next(load, totals) == .proceed(reads: true, resumes: false))
            #expect(policy.input == .execute && policy.mayRead && policy.executesInput)
        }
    }

    /// A client that writes everything before it reads anything is read from, up to the limit.
    @Test func whoDoesNotReadIsReadFromUpToTheLimit() {
        let policy = Tested()
        #expect(policy.next(unread(20 << 20)) == .proceed(reads: true, resumes: false))
        #expect(policy.input == .keep && policy.mayRead && !policy.executesInput)
        policy.after { $0.didKeep() }
        #expect(policy.next(unread(20 << 20, input: 40 << 20)) == .proceed(reads: true, resumes: false))
        #expect(policy.input == .keep && policy.mayRead)
        #expect(policy.next(unread(20 << 20, input: 44 << 20)) == .proceed(reads: false, resumes: false))
        #expect(policy.input == .wait && !policy.mayRead)
        // Nor may all clients together make the daemon keep too much.
        let isFull = Totals(input: 1 << 30, limit: 1 << 30)
        #expect(policy.next(unread(20 << 20), isFull) == .proceed(reads: false, resumes: false))
        // It is served again when it has read half of it, not at once.
        _ = policy.next(unread(10 << 20))
        #expect(policy.input == .keep && !policy.takeResume())
        #expect(policy.next(unread(8 << 20)) == .proceed(reads: true, resumes: true))
        #expect(policy.takeResume() && !policy.takeResume())
        #expect(policy.executesInput)
    }

    @Test func whoWaitsForTheDiskIsNotReadFrom() {
        for (load, totals) in [
            (Load(pending: 5, holds: 5000), Totals()), (Load(pending: 2 << 20, holds: 1), Totals()),
            (Load(pending: 5, holds: 1), Totals(output: 9 << 20)),
        ] {
            let policy = Tested()
            #expect(policy.next(load, totals) == .proceed(reads: false, resumes: false))
        }
        for (load, totals) in [
            (Load(pending: 5, holds: 1), Totals()), (unread(5), Totals(output: 9 << 20)),
        ] {
            let policy = Tested()
            #expect(policy.next(load, totals) == .proceed(reads: true, resumes: false))
        }
    }

    @Test func requestsBehindAReplyThatWaitsForTheLogAreBounded() {
        let policy = Tested()
        policy.after { $0.didRead(2 << 20, holds: 0) }
        #expect(policy.next(Load(pending: 5, holds: 1)) == .proceed(reads: true, resumes: false))
        policy.after { $0.didRead(2 << 20, holds: 1) }
        #expect(policy.next(Load(pending: 5, holds: 1)) == .proceed(reads: false, resumes: false))
        // Once none waits it counts anew.
        #expect(policy.next(Load()) == .proceed(reads: true, resumes: false))
        #expect(policy.next(Load(pending: 5, holds: 1)) == .proceed(reads: true, resumes: false))
    }

    @Test func aFullLogStallsUntilItHasRoom() {
        let policy = Tested { $0.didExecute(.stalled) }
        #expect(policy.isStalled && policy.needsResume)
        #expect(policy.next(Load(input: 9)) == .proceed(reads: false, resumes: false))
        #expect(!policy.takeResume())
        policy.after { $0.endStall() }
        #expect(policy.next(Load(input: 9)) == .proceed(reads: true, resumes: true))
        #expect(!policy.mayRead && policy.takeResume() && policy.mayRead)
    }

    // MARK: The end

    @Test func whoHasEndedIsAnsweredFirst() {
        let policy = Tested {
            $0.didExecute(.paused)
            $0.endInput()
        }
        #expect(policy.next(Load(input: 9)) == .proceed(reads: false, resumes: true))
        #expect(policy.takeResume())
        #expect(policy.next(unread(9)) == .proceed(reads: false, resumes: false))
        #expect(policy.next(Load()) == .close)
    }

    @Test func aDrainReadsOnUntilAllIsAnswered() {
        let policy = Tested { $0.drain() }
        #expect(policy.next(Load(pending: 5, holds: 1)) == .proceed(reads: true, resumes: false))
        policy.after { $0.didExecute(.paused) }
        #expect(policy.next(Load(input: 9)) == .proceed(reads: true, resumes: true))
        #expect(policy.takeResume())
        #expect(policy.next(Load()) == .close)
    }

    @Test func aClosingSessionWritesItsRepliesAndExecutesNothingMore() {
        let policy = Tested {
            $0.didExecute(.paused)
            $0.didExecute(.closing)
        }
        #expect(policy.next(unread(9)) == .proceed(reads: false, resumes: false))
        #expect(!policy.takeResume() && !policy.mayRead)
        #expect(policy.next(Load()) == .close)
    }

    // MARK: Limits

    @Test func whoHasNotAuthenticatedMayLeaveLittleUnread() {
        func drop(_ unread: Int, isStranger: Bool, held: Int = 0) -> OutputPolicy.Drop? {
            let policy = Tested()
            let load = Load(pending: unread + held, unread: unread, holds: held > 0 ? 1 : 0, isStranger: isStranger)
            if case .drop(let drop) = policy.next(load) { return drop }
            return nil
        }
        #expect(drop(64 << 20, isStranger: false) == nil)
        #expect(drop((64 << 20) + 1, isStranger: false) == .outputLimit)
        #expect(drop(1_024, isStranger: true) == nil && drop(1_025, isStranger: true) == .strangerOutput)
        // What the disk holds up is not its fault.
        #expect(drop(0, isStranger: true, held: 1 << 20) == nil)
    }

    @Test func whenMemoryIsScarceSomebodyWithRepliesGoes() {
        let totals = Totals(output: 101, limit: 100)
        #expect(Tested().mustMakeRoom(unread(1), totals))
        #expect(!Tested().mustMakeRoom(unread(1), Totals(output: 100, limit: 100)))
        #expect(!Tested().mustMakeRoom(Load(), totals))
        // One that is over its own limit goes itself.
        #expect(!Tested().mustMakeRoom(unread(65 << 20), totals))
    }

    @Test func whoReadsNothingIsDropped() {
        let waiting = Tested { $0.didProgress(at: 1_000) }
        let blocked = unread(20 << 20, input: 44 << 20)
        _ = waiting.next(blocked, Totals(), at: 1_000)
        #expect(waiting.hasDeadline(blocked))
        #expect(waiting.overdue(blocked, at: 3_999) == nil)
        #expect(waiting.overdue(blocked, at: 4_001) == .blocked)
        let keeping = Tested()
        _ = keeping.next(unread(20 << 20))
        #expect(keeping.overdue(unread(20 << 20), at: 3_001) == nil)
        #expect(Tested().overdue(unread(1), at: 60_000) == nil)
        #expect(Tested().overdue(unread(1), at: 60_001) == .unread)
        // Not for what the disk does.
        let held = Tested()
        let load = Load(pending: 2 << 20, unread: 4, holds: 1)
        _ = held.next(load)
        #expect(held.input == .wait && held.overdue(load, at: 3_001) == nil)
        #expect(Tested().overdue(Load(pending: 9, holds: 1), at: 600_000) == nil)
    }

    @Test func whoMustAuthenticateHasTenSeconds() {
        let policy = Tested()
        let stranger = Load(isStranger: true)
        _ = policy.next(stranger, Totals(), at: 5_000)
        _ = policy.next(stranger, Totals(), at: 9_000)
        #expect(policy.hasDeadline(stranger))
        #expect(policy.overdue(stranger, at: 14_999) == nil)
        #expect(policy.overdue(stranger, at: 15_000) == .unauthenticated)
        _ = policy.next(Load(), Totals(), at: 14_000)
        #expect(!policy.hasDeadline(Load()) && policy.overdue(Load(), at: 600_000) == nil)
    }
}
