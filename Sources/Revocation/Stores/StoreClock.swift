import Contract

/// A store's clock, measured against this machine's boot clock (`CLOCK_BOOTTIME`), which is never set.
///
/// The store reads its clock after `TIME` is sent and before the reply arrives: the difference between the two clocks
/// is known to within that time. All times are in milliseconds.
struct StoreClock: Sendable, Equatable {
    /// A measurement is used for no longer. A boot clock is slewed by at most 10 %: by 30 s in this time, which is the
    /// writer's share of the margin (``Limits/marginMilliseconds``).
    static let maximumAge: Int64 = 300_000

    /// The store's time minus the boot clock's.
    private let offset: ClosedRange<Int64>
    private let measuredAt: Int64

    private init(offset: ClosedRange<Int64>, measuredAt: Int64) {
        self.offset = offset
        self.measuredAt = measuredAt
    }

    /// - Parameters:
    ///   - time: what the store answered to `TIME`, Unix milliseconds.
    ///   - sentAt: the boot clock when `TIME` was sent.
    ///   - receivedAt: the boot clock when its reply had arrived.
    init(time: Int64, sentAt: Int64, receivedAt: Int64) {
        let receivedAt = max(sentAt, receivedAt)
        self.init(offset: time - receivedAt...time - sentAt, measuredAt: sentAt)
    }

    /// The store's time at a time of the boot clock: the earliest and the latest that it may be.
    func time(at boot: Int64) -> ClosedRange<Int64> { boot + offset.lowerBound...boot + offset.upperBound }

    /// How far this machine's wall clock is ahead of the store's; negative if it is behind.
    func skew(wall: Int64, boot: Int64) -> Int64 {
        wall - boot - offset.lowerBound - (offset.upperBound - offset.lowerBound) / 2
    }

    /// The cause if the clocks are not known to agree within 30 s: then a clear answer proves nothing.
    func skewCause(wall: Int64, boot: Int64) -> UnknownCause? {
        guard boot - measuredAt <= Self.maximumAge else {
            return UnknownCause(.clockSkewed, "the store has not told its time for 5 minutes: is it overloaded?")
        }
        let time = time(at: boot)
        let furthest = max((wall - time.lowerBound).magnitude, (wall - time.upperBound).magnitude)
        guard furthest > Limits.maximumSkewMilliseconds.magnitude else { return nil }
        let skew = skew(wall: wall, boot: boot)
        guard skew.magnitude > Limits.maximumSkewMilliseconds.magnitude else {
            return UnknownCause(.clockSkewed, "the store took so long to tell its time that its clock is not known")
        }
        return UnknownCause(
            .clockSkewed,
            """
            this machine's clock is \(skew.magnitude / 1_000) s \(skew > 0 ? "ahead of" : "behind") the store's; \
            \(Limits.maximumSkewMilliseconds / 1_000) s are allowed: set the wrong one right (NTP)
            """)
    }

    /// The least and the most that the wall clock may be ahead of the boot clock, and until when on the boot clock that
    /// counts: exactly then ``skewCause(wall:boot:)`` is nil. Empty if the store's clock is not known well enough.
    var agreement: (lead: Range<Int64>, until: Int64) {
        let most = Limits.maximumSkewMilliseconds
        let least = offset.upperBound - most
        return (least..<max(least, offset.lowerBound + most + 1), measuredAt + Self.maximumAge + 1)
    }

    /// The joined range of two stores' clocks, as old as the older measurement.
    func joined(with other: StoreClock) -> StoreClock {
        StoreClock(
            offset: min(offset.lowerBound, other.offset.lowerBound)...max(offset.upperBound, other.offset.upperBound),
            measuredAt: min(measuredAt, other.measuredAt))
    }
}
