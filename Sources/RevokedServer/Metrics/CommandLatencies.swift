import Synchronization

/// How long timed commands took, by command: `INFO latencystats`.
final class CommandLatencies: Sendable {
    /// Eight buckets for each doubling of nanoseconds.
    struct Histogram: Sendable {
        private static let parts = 8
        private var counts = [Int](repeating: 0, count: 64 * parts)
        private(set) var total = 0

        mutating func record(_ nanoseconds: Int64) {
            counts[Self.bucket(nanoseconds)] += 1
            total += 1
        }

        private static func bucket(_ nanoseconds: Int64) -> Int {
            guard nanoseconds >= parts else { return Int(max(0, nanoseconds)) }
            let exponent = 63 - nanoseconds.leadingZeroBitCount
            return (exponent - 2) * parts + Int(nanoseconds >> (exponent - 3)) & (parts - 1)
        }

        /// The largest value of a bucket.
        private static func bound(_ bucket: Int) -> Int64 {
            guard bucket >= parts else { return Int64(bucket) }
            let exponent = bucket / parts + 2
            return (Int64(parts + bucket % parts + 1) << (exponent - 3)) &- 1
        }

        /// In nanoseconds: no more than a share of the values is larger.
        func percentile(_ percent: Double) -> Int64 {
            let rank = Int((Double(total) * percent / 100).rounded(.up))
            var sum = 0
            for (bucket, count) in counts.enumerated() {
                sum += count
                if sum >= max(1, rank) { return Self.bound(bucket) }
            }
            return 0
        }
    }

    private let histograms = Mutex([Int: Histogram]())

    func record(_ nanoseconds: Int64, of command: Int) {
        histograms.withLock { $0[command, default: Histogram()].record(nanoseconds) }
    }

    /// By the place of the command, or the subcommand, in a ``CommandSet``.
    var all: [Int: Histogram] { histograms.withLock { $0 } }
    func reset() { histograms.withLock { $0 = [:] } }
}
