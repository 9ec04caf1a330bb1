import Metrics
import PrometheusMetrics
import Testing

@Suite struct PrometheusFactoryTests {
    private let factory = PrometheusFactory(help: ["checks": "Checks made."])

    private var text: String { Exposition.text(factory.families) }

    @Test func everyKindOfMetricIsToldOf() {
        Counter(label: "checks", dimensions: [("verdict", "clear")], factory: factory).increment(by: 2)
        FloatingPointCounter(label: "work_total", factory: factory).increment(by: 3)
        Timer(label: "check-duration", factory: factory).recordMilliseconds(2)
        Gauge(label: "temperature", factory: factory).record(-1.5)
        Recorder(label: "size", factory: factory).record(30)
        Meter(label: "level", factory: factory).set(4)
        #expect(text.contains("# HELP checks_total Checks made.\n# TYPE checks_total counter\n"))
        #expect(text.contains("checks_total{verdict=\"clear\"} 2\n"))
        #expect(text.contains("work_total 3\n"))
        #expect(text.contains("# TYPE check_duration_seconds histogram\n"))
        #expect(text.contains("check_duration_seconds_bucket{le=\"0.001\"} 0\n"))
        #expect(text.contains("check_duration_seconds_bucket{le=\"0.0025\"} 1\n"))
        #expect(text.contains("check_duration_seconds_sum 0.002\n"))
        #expect(text.contains("temperature -1.5\n"))
        #expect(text.contains("size_bucket{le=\"50.0\"} 1\n"))
        #expect(text.contains("level 4\n"))
    }

    @Test func theSameNameAndLabelsAreTheSameCounter() {
        for _ in 0..<3 { Counter(label: "checks", dimensions: [("a", "b")], factory: factory).increment() }
        #expect(text.contains("checks_total{a=\"b\"} 3\n"))
    }

    /// Whatever makes up labels, memory and scrapes stay bounded, and nothing is left uncounted.
    @Test func tooManyLabelValuesAreCountedTogether() {
        for number in 0..<2000 {
            Counter(label: "checks", dimensions: [("a", "\(number)")], factory: factory).increment()
        }
        let samples = factory.families[0].samples
        #expect(samples.count <= 501)
        #expect(samples.reduce(0) { $0 + $1.value } == 2000)
        #expect(samples.contains { $0.labels[0].value == "other" && $0.value > 1000 })
    }

    @Test func aNameOfAnotherKindDoesNotSpoilTheText() {
        Counter(label: "x_total", factory: factory).increment()
        Gauge(label: "x_total", factory: factory).record(9)
        #expect(factory.families.count == 1)
        #expect(text.contains("x_total 1\n"))
    }
}
