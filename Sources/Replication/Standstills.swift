/// When the daemon itself stood still (SIGSTOP, a paused machine, no processor): no follower is to blame for what
/// waited then. Milliseconds since boot.
struct Standstills: Sendable {
    /// More than any lease sees.
    private static let kept = 16

    private var last: Int64?
    /// In their order; they do not overlap.
    private var all: [(from: Int64, to: Int64)] = []

    /// The daemon runs.
    /// - Parameter interval: how long it sleeps between two turns on purpose, at most; nil if it may have slept for
    ///   longer.
    mutating func noteTurn(at now: Int64, within interval: Int64?) {
        defer { last = now }
        guard let last, let interval, now - last > 2 * interval else { return }
        if all.count == Self.kept { all.removeFirst() }
        all.append((last + interval, now))
    }

    /// How much of a time it stood still.
    func time(from start: Int64, to end: Int64) -> Int64 {
        all.reduce(0) { $0 + max(0, min(end, $1.to) - max(start, $1.from)) }
    }
}
