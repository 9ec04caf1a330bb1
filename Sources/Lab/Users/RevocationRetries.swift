/// Revocations that got no acknowledgement. A user who is not told that a log-out has succeeded tries again: none may
/// be left at the end.
struct RevocationRetries {
    /// How long a retry waits, in nanoseconds.
    private static let interval: Int64 = 50_000_000

    private var waiting: [(order: RevocationOrder, at: Int64)] = []

    var isEmpty: Bool { count == 0 }
    /// The number of revocations not acknowledged so far.
    var count: Int { waiting.count { !$0.order.isFulfilled } }

    mutating func add(_ order: RevocationOrder, at now: Int64) {
        waiting.append((order, now + Self.interval))
    }

    /// The next one that is due and still needed. The caller adds it again if it fails.
    mutating func take(at now: Int64) -> RevocationOrder? {
        while let first = waiting.first, first.at <= now {
            waiting.removeFirst()
            if !first.order.isFulfilled { return first.order }
        }
        return nil
    }
}
