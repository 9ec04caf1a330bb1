import NIOCore

/// Spares callers the wait for a store that is connected and has stopped answering. After some time-outs in a row calls
/// fail at once, but for a single one from time to time, which finds out whether the store is back.
struct CircuitBreaker {
    /// Calls that time out without any answer in between.
    static let threshold = 3
    /// How long nothing is asked between two probes.
    static let rest = TimeAmount.milliseconds(250)

    private var timeouts = 0
    private var nextProbe = NIODeadline.distantPast

    /// Whether every call is to be sent.
    var isClosed: Bool { timeouts < Self.threshold }

    /// Whether a call is to be sent.
    mutating func admits(now: NIODeadline) -> Bool {
        guard timeouts >= Self.threshold else { return true }
        guard now >= nextProbe else { return false }
        nextProbe = now + Self.rest
        return true
    }

    mutating func timedOut(now: NIODeadline) {
        timeouts += 1
        nextProbe = now + Self.rest
    }

    mutating func answered() {
        timeouts = 0
    }
}
