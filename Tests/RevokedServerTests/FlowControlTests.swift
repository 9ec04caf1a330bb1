import Testing

@testable import RevokedServer

/// How far a connection's input is read and executed while its replies wait.
@Suite struct FlowControlTests {
    private let flow = FlowControl(outputLimit: 64 << 20)

    private func next(
        _ load: FlowControl.Load, after previous: FlowControl.Step = .execute, allOutput: Int = 0, mayKeep: Bool = true
    ) -> FlowControl.Step {
        flow.next(load, after: previous, allOutput: allOutput, mayKeep: mayKeep)
    }

    @Test func whoReadsIsServed() {
        #expect(next(FlowControl.Load()) == .execute)
        #expect(next(FlowControl.Load(pending: 16 << 20, unread: 16 << 20)) == .execute)
        #expect(next(FlowControl.Load(input: 1 << 20), allOutput: 1 << 30) == .execute)
    }

    /// A client that writes everything before it reads anything is read from, up to the limit.
    @Test func whoDoesNotReadIsReadFromUpToTheLimit() {
        let unread = 20 << 20
        #expect(next(FlowControl.Load(pending: unread, unread: unread)) == .keep)
        #expect(next(FlowControl.Load(pending: unread, unread: unread, input: 40 << 20)) == .keep)
        #expect(next(FlowControl.Load(pending: unread, unread: unread, input: 44 << 20)) == .wait)
        #expect(next(FlowControl.Load(pending: unread, unread: unread), mayKeep: false) == .wait)
        // It is served again when it has read half of it, not at once.
        let half = 10 << 20
        #expect(next(FlowControl.Load(pending: half, unread: half), after: .keep) == .keep)
        #expect(next(FlowControl.Load(pending: half, unread: half), after: .execute) == .execute)
        #expect(next(FlowControl.Load(pending: 8 << 20, unread: 8 << 20), after: .wait) == .execute)
    }

    @Test func whoWaitsForTheDiskIsNotReadFrom() {
        #expect(next(FlowControl.Load(isStalled: true)) == .wait)
        #expect(next(FlowControl.Load(pending: 5, holds: 1)) == .execute)
        #expect(next(FlowControl.Load(pending: 5, holds: 5000)) == .wait)
        #expect(next(FlowControl.Load(pending: 5, holds: 1, inputSinceHold: 2 << 20)) == .wait)
        #expect(next(FlowControl.Load(pending: 2 << 20, holds: 1)) == .wait)
        #expect(next(FlowControl.Load(pending: 5, holds: 1), allOutput: 9 << 20) == .wait)
        #expect(next(FlowControl.Load(pending: 5), allOutput: 9 << 20) == .execute)
    }

    @Test func whoHasNotAuthenticatedMayLeaveLittleUnread() {
        func excess(_ unread: Int, _ isStranger: Bool, held: Int = 0) -> Bool {
            flow.excess(FlowControl.Load(pending: unread + held, unread: unread, isStranger: isStranger)) != nil
        }
        #expect(!excess(64 << 20, false) && excess((64 << 20) + 1, false))
        #expect(!excess(1_024, true) && excess(1_025, true))
        // What the disk holds up is not its fault.
        #expect(!excess(0, true, held: 1 << 20))
    }

    @Test func whoReadsNothingIsDropped() {
        let blocked = FlowControl.Load(pending: 20 << 20, unread: 20 << 20, input: 44 << 20)
        #expect(flow.dropped(blocked, at: .wait, idle: 2_999) == nil)
        #expect(flow.dropped(blocked, at: .wait, idle: 3_001) == .blocked)
        #expect(flow.dropped(blocked, at: .keep, idle: 3_001) == nil)
        #expect(flow.dropped(FlowControl.Load(pending: 1, unread: 1), at: .execute, idle: 60_001) == .unread)
        // Not for what the disk does.
        #expect(flow.dropped(FlowControl.Load(pending: 9, unread: 4, holds: 1), at: .wait, idle: 3_001) == nil)
        #expect(flow.dropped(FlowControl.Load(pending: 9, holds: 1), at: .wait, idle: 600_000) == nil)
    }
}
