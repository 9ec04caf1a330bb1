import NIOCore

/// The state of a connection that reconnects, without its I/O.
struct ConnectionLifecycle {
    private enum State {
        /// No call has been made.
        case idle
        /// The first attempt is under way, or one that will probably succeed. Callers wait for it.
        case connecting
        case ready(since: NIODeadline)
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

    /// A connection that lives shorter does not end an outage: a store may be lost behind each handshake.
    static let shortestLife = TimeAmount.seconds(2)

    private var state = State.idle
    private var backoff = Backoff()
    /// Whether the latest attempt was made before it was due.
    private var wasBroughtForward = false

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
    mutating func connected(at now: NIODeadline) -> Bool {
        if case .closed = state { return false }
        state = .ready(since: now)
        return true
    }

    /// The store answers on another connection.
    /// - Parameter isUnderWay: whether an attempt is being made.
    /// - Returns: whether callers wait for the next attempt, which is to be made now. Between two attempts that are due
    ///   there is one of these at most, or connections that are lost at once would bring each other back for ever.
    mutating func attemptAtOnce(isUnderWay: Bool = false) -> Bool {
        guard case .down = state, isUnderWay || !wasBroughtForward else { return false }
        if !isUnderWay { wasBroughtForward = true }
        state = .connecting
        return true
    }

    /// An attempt failed, or the connection was lost.
    /// - Returns: how long to wait before the next attempt; nil for no further attempt.
    mutating func lost(
        _ failure: StoreFailure, at now: NIODeadline, using random: inout some RandomNumberGenerator
    ) -> Duration? {
        if case .closed = state { return nil }
        if case .ready(let start) = state, now - start >= Self.shortestLife {
            backoff.reset()
            wasBroughtForward = false
        }
        state = .down(failure)
        return backoff.next(using: &random)
    }

    /// An attempt is due.
    /// - Returns: whether it is still wanted.
    mutating func isDue() -> Bool {
        wasBroughtForward = false
        return isWanted
    }

    /// Whether a connection is still wanted.
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
