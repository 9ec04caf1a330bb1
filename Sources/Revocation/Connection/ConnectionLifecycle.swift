/// The state of a connection that reconnects, without its I/O.
struct ConnectionLifecycle {
    private enum State {
        /// No call has been made.
        case idle
        /// The first attempt is under way, or one that will probably succeed. Callers wait for it.
        case connecting
        case ready
        /// Not connected, with the cause. The next attempt is scheduled or under way.
        case down(StoreFailure)
        case closed
    }

    /// What happens to a call.
    enum Admission: Equatable {
        case send
        /// Hold it until the attempt ends.
        case hold
        /// Hold it, and connect.
        case holdAndConnect
        case fail(StoreFailure)
    }

    private var state = State.idle
    private var backoff = Backoff()

    mutating func admit() -> Admission {
        switch state {
        case .idle:
            state = .connecting
            return .holdAndConnect
        case .connecting: return .hold
        case .ready: return .send
        case .down(let failure): return .fail(failure)
        case .closed: return .fail(.closed)
        }
    }

    /// An attempt succeeded.
    /// - Returns: false if the list was closed meanwhile.
    mutating func connected() -> Bool {
        if case .closed = state { return false }
        state = .ready
        backoff.reset()
        return true
    }

    /// The store answers on another connection.
    /// - Returns: whether this one is down. Callers wait for its next attempt then, which is to be made now.
    mutating func attemptAtOnce() -> Bool {
        guard case .down = state else { return false }
        state = .connecting
        return true
    }

    /// An attempt failed, or the connection was lost.
    /// - Returns: how long to wait before the next attempt; nil for no further attempt.
    mutating func lost(_ failure: StoreFailure, using random: inout some RandomNumberGenerator) -> Duration? {
        if case .closed = state { return nil }
        state = .down(failure)
        return backoff.next(using: &random)
    }

    /// Whether an attempt that is due is still wanted.
    var isWanted: Bool {
        if case .closed = state { false } else { true }
    }

    mutating func close() {
        state = .closed
    }
}

/// Waits that double from attempt to attempt, with jitter so that many clients do not come back at once.
struct Backoff {
    /// The longest of the first waits.
    static let shortest = Duration.milliseconds(50)
    /// The longest wait.
    static let longest = Duration.seconds(2)

    private var ceiling = Self.shortest

    /// A wait between half of the current ceiling and all of it; the ceiling then doubles.
    mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        defer { ceiling = min(ceiling * 2, Self.longest) }
        return ceiling * Double.random(in: 0.5...1, using: &random)
    }

    mutating func reset() {
        ceiling = Self.shortest
    }
}
