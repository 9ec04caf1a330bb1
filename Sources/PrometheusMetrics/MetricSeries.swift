import CoreMetrics
import Synchronization

/// One metric with one set of label values.
protocol MetricSeries: AnyObject, Sendable {
    func add(to family: inout MetricFamily, _ labels: [(String, String)])
}

final class CounterSeries: CounterHandler, MetricSeries {
    private let count = Atomic<Int64>(0)

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { count.store(0, ordering: .relaxed) }

    func add(to family: inout MetricFamily, _ labels: [(String, String)]) {
        family.add(Double(count.load(ordering: .relaxed)), labels: labels)
    }
}

final class GaugeSeries: RecorderHandler, MeterHandler, MetricSeries {
    private let value = Mutex(0.0)

    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }

    func add(to family: inout MetricFamily, _ labels: [(String, String)]) {
        family.add(value.withLock { $0 }, labels: labels)
    }
}

final class HistogramSeries: RecorderHandler, TimerHandler, MetricSeries {
    private let histogram: Histogram

    init(bounds: [Double]) { histogram = Histogram(bounds: bounds) }

    func record(_ value: Int64) { histogram.record(Double(value)) }
    func record(_ value: Double) { histogram.record(value) }
    func recordNanoseconds(_ duration: Int64) { histogram.record(Double(duration) / 1e9) }

    func add(to family: inout MetricFamily, _ labels: [(String, String)]) {
        family.add(histogram.snapshot, labels: labels)
    }
}
