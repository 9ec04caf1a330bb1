import Synchronization

/// Revocations as they arrive (``RevocationList/revocations(limit:)``). Ends when the list is closed.
///
/// For one reader: several share what arrives.
public struct Revocations: AsyncSequence, Sendable {
    public typealias Element = RevocationEvent
    public typealias Failure = Never

    let buffer: RevocationBuffer

    public func makeAsyncIterator() -> Iterator { Iterator(buffer: buffer) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let buffer: RevocationBuffer

        public mutating func next() async -> RevocationEvent? { await buffer.next() }

        public mutating func next(isolation actor: isolated (any Actor)?) async -> RevocationEvent? {
            await buffer.next()
        }
    }
}

/// The events that a reader has not taken. When there are too many, all of them are replaced by
/// ``RevocationEvent/missed``: what follows it is complete again.
final class RevocationBuffer: Sendable {
    private struct State {
        var events: [RevocationEvent] = []
        /// Those before this one are taken.
        var head = 0
        var waiters: [(number: UInt64, continuation: CheckedContinuation<RevocationEvent?, Never>)] = []
        var waiterCount: UInt64 = 0
        var hasEnded = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        precondition(limit > 0, "a buffer takes at least one event")
        self.limit = limit
    }

    func add(_ event: RevocationEvent) {
        let waiter = state.withLock { state -> CheckedContinuation<RevocationEvent?, Never>? in
            guard !state.hasEnded else { return nil }
            if !state.waiters.isEmpty { return state.waiters.removeFirst().continuation }
            if event == .missed || state.events.count - state.head >= limit {
                (state.events, state.head) = ([.missed], 0)
            } else {
                state.events.append(event)
            }
            return nil
        }
        waiter?.resume(returning: event)
    }

    func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
    }

    /// - Returns: nil at the end, or if the task is cancelled.
    func next() async -> RevocationEvent? {
        let number = state.withLock { state in
            state.waiterCount += 1
            return state.waiterCount
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isDone, event) = state.withLock { state -> (Bool, RevocationEvent?) in
                    if state.head < state.events.count { return (true, Self.take(&state)) }
                    if state.hasEnded || Task.isCancelled { return (true, nil) }
                    state.waiters.append((number, continuation))
                    return (false, nil)
                }
                if isDone { continuation.resume(returning: event) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0).continuation }
            }
            waiter?.resume(returning: nil)
        }
    }

    private static func take(_ state: inout State) -> RevocationEvent {
        let event = state.events[state.head]
        state.head += 1
        if state.head == state.events.count { (state.events, state.head) = ([], 0) }
        if state.head > 64, state.head > state.events.count / 2 {
            state.events.removeFirst(state.head)
            state.head = 0
        }
        return event
    }
}
