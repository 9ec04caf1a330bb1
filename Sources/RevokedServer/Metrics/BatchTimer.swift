import PrometheusMetrics

/// Times one batch of commands in so many: reading the clock for each would cost more than a short batch.
struct BatchTimer: Sendable {
    /// The origin of all times. As durations they need no call to be passed around.
    private static let origin = ContinuousClock.now

    // Inlined, it would cost each batch that is not timed 20 instructions.
    @inline(never)
    private static var now: Duration { origin.duration(to: .now) }

    /// Batches until one is timed.
    private var untimed = 0

    /// Called before a batch is executed.
    /// - Returns: the time, if this batch is one that is timed.
    mutating func begin() -> Duration? {
        untimed -= 1
        guard untimed < 0 else { return nil }
        untimed = ThreadCounters.timedBatches - 1
        return Self.now
    }

    /// Records the time since `start`.
    func end(_ start: Duration?, _ counters: ThreadCounters) {
        if let start { counters.batches.record(Self.now - start) }
    }
}
