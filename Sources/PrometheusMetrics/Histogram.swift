import Synchronization

/// Counts observations by their size. Any thread records, any reads, nobody waits: what is read while others record may
/// lack the latest of them.
package final class Histogram: Sendable {
    private static let maximumBuckets = 32

    /// For durations in seconds: from a microsecond to ten seconds, three buckets for each power of ten.
    package static let durationBounds = bounds(from: -6, through: 0) + [10]
    /// For anything else that is counted: from one to ten million.
    package static let sizeBounds = bounds(from: 0, through: 6) + [10_000_000]

    /// Upper bounds, rising.
    private let bounds: [Double]
    private let counts = InlineArray<32, Atomic<Int>> { _ in Atomic(0) }
    /// The bits of a `Double`.
    private let sum = Atomic<UInt64>(0)

    package init(bounds: [Double] = Histogram.durationBounds) {
        precondition(bounds.count < Self.maximumBuckets && bounds == bounds.sorted(), "up to 31 bounds, rising")
        self.bounds = bounds
    }

    package func record(_ value: Double) {
        var bucket = 0
        while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
        counts[bucket].wrappingAdd(1, ordering: .relaxed)
        var old = sum.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + value).bitPattern
            let (exchanged, original) = sum.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }

    package func record(_ duration: Duration) { record(duration / .seconds(1)) }

    /// What was counted; add several of the same bounds to get that of all.
    package struct Snapshot: Sendable {
        package let bounds: [Double]
        /// One more than there are bounds: the last is of what lies beyond them.
        package private(set) var counts: [Int]
        package private(set) var sum: Double

        package static func + (one: Snapshot, other: Snapshot) -> Snapshot {
            precondition(one.bounds == other.bounds, "histograms of different bounds")
            return Snapshot(
                bounds: one.bounds, counts: zip(one.counts, other.counts).map(+), sum: one.sum + other.sum)
        }
    }

    package var snapshot: Snapshot {
        Snapshot(
            bounds: bounds, counts: (0...bounds.count).map { counts[$0].load(ordering: .relaxed) },
            sum: Double(bitPattern: sum.load(ordering: .relaxed)))
    }

    /// 1, 2.5 and 5 of each power of ten, as decimal literals would give them.
    private static func bounds(from first: Int, through last: Int) -> [Double] {
        (first...last).flatMap { power in ["1", "2.5", "5"].map { Double("\($0)e\(power)")! } }
    }
}
