/// What `INFO` calls instantaneous: rates over the last 16 samples, as in Redis.
struct InstantaneousRates {
    private static let samples = 16

    private struct Sample {
        /// Milliseconds.
        var time: Int64
        var commands, bytesIn, bytesOut: Int
    }

    private var ring: [Sample] = []

    /// Called about ten times a second.
    /// - Parameter uptime: milliseconds of ``ServerClock/uptime()``.
    mutating func sample(_ totals: CounterTotals, at uptime: Int64) {
        if ring.count > Self.samples { ring.removeFirst() }
        ring.append(
            Sample(
                time: uptime, commands: totals.commands, bytesIn: totals[.bytesIn], bytesOut: totals[.bytesOut]))
    }

    /// A second; 0 until there are two samples.
    var commands: Int { Int(rate { $0.commands }.rounded()) }
    /// In KiB a second.
    var kibibytesIn: Double { rate { $0.bytesIn } / 1024 }
    var kibibytesOut: Double { rate { $0.bytesOut } / 1024 }

    private func rate(_ value: (Sample) -> Int) -> Double {
        guard let first = ring.first, let last = ring.last, last.time > first.time else { return 0 }
        return Double(value(last) - value(first)) * 1000 / Double(last.time - first.time)
    }
}
