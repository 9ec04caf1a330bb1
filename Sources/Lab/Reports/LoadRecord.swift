import Histogram

/// The operations that one thread has recorded since it last handed them over: latencies and errors of each kind, in
/// total and of the present second.
///
/// It costs two histogram updates for any number of operations with the same latency, and allocates nothing.
struct LoadRecord: Sendable {
    private(set) var operations: [OperationRecord]
    private(set) var second = SecondRecord()

    init(_ names: [String]) { operations = names.map(OperationRecord.init) }

    /// Records operations of one kind that took equally long.
    /// - Parameter latency: in nanoseconds.
    @inline(__always)
    mutating func record(_ operation: Int, latency: Int64, count: Int) {
        operations[operation].record(latency, count: count)
        second.record(latency, count: count)
    }

    /// Forgets what has been handed over.
    mutating func reset() {
        for index in operations.indices { operations[index].reset() }
        second = SecondRecord()
    }
}

/// All operations of one kind.
struct OperationRecord: Sendable {
    /// Longer ones count as this long in the percentiles; ``maximum`` is exact.
    static let longestLatency: UInt64 = 600_000_000_000

    let name: String
    private(set) var latency = Histogram<UInt64>(highestTrackableValue: longestLatency)
    private(set) var maximum: Int64 = 0
    var errors = 0

    init(_ name: String) { self.name = name }

    @inline(__always)
    mutating func record(_ nanoseconds: Int64, count: Int) {
        latency.record(min(UInt64(max(0, nanoseconds)), Self.longestLatency), count: UInt64(count))
        if nanoseconds > maximum { maximum = nanoseconds }
    }

    mutating func add(_ other: OperationRecord) {
        latency.add(other.latency)
        maximum = max(maximum, other.maximum)
        errors += other.errors
    }

    mutating func reset() {
        latency.reset()
        maximum = 0
        errors = 0
    }
}

extension OperationRecord {
    /// In microseconds.
    func percentile(_ percentile: Double) -> Double {
        min(Double(latency.valueAtPercentile(percentile)), Double(maximum)) / 1e3
    }

    /// As it stands in a report.
    var figures: LoadReport.Operation {
        let points = latency.percentiles(ticksPerHalfDistance: 5).map {
            LoadReport.Latency.Point(percentile: $0.percentile, value: min(Double($0.value), Double(maximum)) / 1e3)
        }
        return LoadReport.Operation(
            name: name, count: Int(latency.totalCount), errors: errors,
            latency: LoadReport.Latency(
                p50: percentile(50), p90: percentile(90), p99: percentile(99), p999: percentile(99.9),
                p9999: percentile(99.99), maximum: Double(maximum) / 1e3,
                points: latency.totalCount == 0 ? [] : points))
    }
}

/// All operations that ended within one second, of whatever kind.
struct SecondRecord: Sendable {
    var completed = 0
    var errors = 0
    var violations = 0
    private(set) var maximum: Int64 = 0
    /// To 1 %, from a microsecond: a tenth of the memory of three digits, and enough for a curve.
    private(set) var latency = Histogram<UInt64>(
        lowestDiscernibleValue: 1000, highestTrackableValue: OperationRecord.longestLatency,
        numberOfSignificantValueDigits: .two)

    @inline(__always)
    mutating func record(_ nanoseconds: Int64, count: Int) {
        completed += count
        latency.record(min(UInt64(max(0, nanoseconds)), OperationRecord.longestLatency), count: UInt64(count))
        if nanoseconds > maximum { maximum = nanoseconds }
    }

    mutating func add(_ other: SecondRecord) {
        completed += other.completed
        errors += other.errors
        violations += other.violations
        maximum = max(maximum, other.maximum)
        latency.add(other.latency)
    }

    /// As it stands in a report.
    func figures(_ second: Int) -> LoadReport.Second {
        func percentile(_ percentile: Double) -> Double {
            min(Double(latency.valueAtPercentile(percentile)), Double(maximum)) / 1e3
        }
        return LoadReport.Second(
            second: second, completed: completed, errors: errors, violations: violations, p50: percentile(50),
            p99: percentile(99), maximum: Double(maximum) / 1e3)
    }
}
