package import CoreMetrics
import Synchronization

/// A backend of swift-metrics that Prometheus can scrape: bootstrap `MetricsSystem` with it, then serve ``families``.
///
/// | swift-metrics | becomes | name |
/// |---|---|---|
/// | `Counter`, `FloatingPointCounter` | counter | ends in `_total` |
/// | `Timer` | histogram of seconds | ends in `_seconds` |
/// | `Recorder` | histogram | |
/// | `Gauge`, `Meter` | gauge | |
package final class PrometheusFactory: MetricsFactory {
    /// The most label values of one metric; whatever comes after them is counted together, under `other`.
    static let maximumSeries = 500

    private struct Family {
        let kind: MetricFamily.Kind
        let label: String
        var series: [String: Series] = [:]
    }

    private struct Series {
        let labels: [(String, String)]
        let value: any MetricSeries
    }

    private let registered = Mutex<[String: Family]>([:])
    private let help: [String: String]

    /// - Parameter help: what metrics mean, by the labels that swift-metrics knows them by.
    package init(help: [String: String] = [:]) { self.help = help }

    /// All metrics that were ever made, by name.
    package var families: [MetricFamily] {
        registered.withLock { families in
            families.sorted { $0.key < $1.key }.map { name, family in
                var result = MetricFamily(family.kind, name, help[family.label] ?? family.label)
                for (_, series) in family.series.sorted(by: { $0.key < $1.key }) {
                    series.value.add(to: &result, series.labels)
                }
                return result
            }
        }
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(.counter, label, suffix: "_total", dimensions) { CounterSeries() }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return series(.gauge, label, suffix: "", dimensions) { GaugeSeries() } }
        return series(.histogram, label, suffix: "", dimensions) { HistogramSeries(bounds: Histogram.sizeBounds) }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(.gauge, label, suffix: "", dimensions) { GaugeSeries() }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(.histogram, label, suffix: "_seconds", dimensions) {
            HistogramSeries(bounds: Histogram.durationBounds)
        }
    }

    // A counter counts the whole process, not the life of whoever increments it.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    // MARK: Series

    /// The series of this name and these labels, made if it is new.
    private func series<Value: MetricSeries>(
        _ kind: MetricFamily.Kind, _ label: String, suffix: String, _ dimensions: [(String, String)],
        _ make: () -> Value
    ) -> Value {
        var name = Self.identifier(label)
        if !name.hasSuffix(suffix) { name += suffix }
        let labels = dimensions.map { (Self.identifier($0.0), $0.1) }
        return registered.withLock { families in
            var family = families[name] ?? Family(kind: kind, label: label)
            let key = Self.key(labels)
            if let found = family.series[key]?.value as? Value { return found }
            // One name for two kinds of metric: the second one cannot be told of.
            guard family.kind == kind, family.series[key] == nil else { return make() }
            let isFull = family.series.count >= Self.maximumSeries
            let used = isFull ? labels.map { ($0.0, "other") } : labels
            let usedKey = isFull ? Self.key(used) : key
            if let found = family.series[usedKey]?.value as? Value { return found }
            let value = make()
            family.series[usedKey] = Series(labels: used, value: value)
            families[name] = family
            return value
        }
    }

    private static func key(_ labels: [(String, String)]) -> String {
        labels.map { "\($0.0.utf8.count):\($0.0)\($0.1.utf8.count):\($0.1)" }.joined()
    }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, which names and labels have to be.
    private static func identifier(_ text: String) -> String {
        let name = String(
            text.unicodeScalars.map { scalar -> Character in
                let isAllowed =
                    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                return isAllowed ? Character(scalar) : "_"
            })
        return name.first.map { $0.isNumber } ?? true ? "_" + name : name
    }
}
