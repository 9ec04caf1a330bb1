import NIOCore

/// Fails calls at once while a connected store does not answer. It opens after some time-outs in a row; then one call
/// in each interval is sent as a probe.
struct CircuitBreaker {
    /// Time-outs in a row that open the breaker.
    static let threshold = 3
    /// The interval between two probes.
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
