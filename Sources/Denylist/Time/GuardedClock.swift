/// The clock by which guarded keys expire. It runs with the boot clock (`CLOCK_BOOTTIME`, suspension included) and with
/// no other. So an entry with a lifetime of t lives for t, whatever happens to the wall clock.
///
/// It need not be near the wall clock, and never catches up by itself.
package struct GuardedClock: Sendable, Equatable {
    /// The range of its start. Every sum of such a time and a lifetime fits into files, slots and 64 bits.
    package static let range: ClosedRange<Int64> = 1_000_000_000_000...4_000_000_000_000

    /// Guarded time minus the boot clock, in milliseconds.
    private let offset: Int64

    /// - Parameters:
    ///   - time: guarded time now, in milliseconds, clamped to ``range``.
    ///   - boot: the boot clock now.
    package init(at time: Int64, boot: Int64) {
        offset = min(max(time, Self.range.lowerBound), Self.range.upperBound) &- boot
    }

    package func time(at boot: Int64) -> Int64 { offset &+ boot }
}
