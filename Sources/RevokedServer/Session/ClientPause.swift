import Synchronization

/// `CLIENT PAUSE`: commands wait until it ends.
final class ClientPause: Sendable {
    private struct State {
        /// Milliseconds of ``ServerClock/uptime()``.
        var end: Int64 = 0
        var holdsReads = false
    }

    private let state = Mutex(State())
    private let conditions: ServingConditions
    /// The connections with a command that waits.
    let waiting = Atomic(0)

    init(_ conditions: ServingConditions) { self.conditions = conditions }

    /// The later end and the stricter kind of two pauses hold, as in Redis.
    func begin(until end: Int64, holdsReads: Bool) {
        state.withLock {
            $0.end = max($0.end, end)
            $0.holdsReads = $0.holdsReads || holdsReads
            conditions.begin(.paused)
        }
    }

    func end() {
        state.withLock {
            $0 = State()
            conditions.end(.paused)
        }
    }

    /// - Returns: whether a pause has ended by now.
    func endIfDue(at now: Int64) -> Bool {
        guard conditions.now.contains(.paused) else { return false }
        return state.withLock {
            guard now >= $0.end else { return false }
            $0 = State()
            conditions.end(.paused)
            return true
        }
    }

    /// Whether a command has to wait.
    /// - Parameter flags: its own, or those of the transaction that it executes.
    func holds(_ command: Command, _ flags: Command.Flags) -> Bool {
        state.withLock { state in
            if state.holdsReads || flags.mayWrite { return true }
            return flags.contains(.pubsub) && !flags.contains(.noScript)
        }
    }
}
