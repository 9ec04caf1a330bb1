/// When something was sent, as a number that fits into a check: it is told to each, and hardly ever asked for.
struct SentTime: RawRepresentable, Sendable {
    private static let origin = ContinuousClock.now

    static let never = SentTime(rawValue: .min)

    /// Nanoseconds from some moment on.
    let rawValue: Int64

    init(rawValue: Int64) { self.rawValue = rawValue }

    init(_ instant: ContinuousClock.Instant) {
        let (seconds, attoseconds) = (instant - Self.origin).components
        rawValue = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    var instant: ContinuousClock.Instant? {
        rawValue == Self.never.rawValue ? nil : Self.origin + .nanoseconds(rawValue)
    }
}
