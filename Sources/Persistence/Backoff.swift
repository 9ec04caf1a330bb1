/// The delays between retries: 1 s, then twice as long each time, up to 30 s.
struct Backoff {
    private var next: ContinuousClock.Instant?
    private var delay = Self.shortest

    private static let shortest = Duration.seconds(1)
    private static let longest = Duration.seconds(30)

    func isDue(at now: ContinuousClock.Instant) -> Bool { next.map { $0 <= now } ?? true }

    mutating func failed(at now: ContinuousClock.Instant) {
        next = now + delay
        delay = min(delay * 2, Self.longest)
    }

    mutating func succeeded() { self = Backoff() }
}
