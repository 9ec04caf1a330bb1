import Contract

/// When a call was sent, on the boot clock (`CLOCK_BOOTTIME`), in 9 bytes.
struct SentTime: Sendable {
    private static let origin = ContinuousClock.now

    static let never = SentTime(nanoseconds: .min)

    /// Nanoseconds since an arbitrary instant of this process.
    private let nanoseconds: Int64
    /// False if this machine's clock was known to be wrong then. A clear answer to the call proves nothing.
    var isClockRight = true

    private init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    init(_ instant: ContinuousClock.Instant) {
        let (seconds, attoseconds) = (instant - Self.origin).components
        nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    var instant: ContinuousClock.Instant? {
        nanoseconds == Self.never.nanoseconds ? nil : Self.origin + .nanoseconds(nanoseconds)
    }

    /// On the scale of ``StoreClock``.
    var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

extension RevocationConfiguration {
    /// The boot clock, in milliseconds since an arbitrary instant of this process.
    var bootMilliseconds: Int64 { SentTime(bootClock()).milliseconds }
}
