/// One metric with all its label values, as Prometheus' text format tells of it.
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// One line.
    package struct Sample: Sendable {
        /// What follows the family's name: `_bucket`, `_sum` or `_count` of a histogram.
        package var suffix: String
        package var labels: [(name: String, value: String)]
        package var value: Double
    }

    /// In base units: seconds and bytes; counters end in `_total`.
    package let name: String
    package let help: String
    package let kind: Kind
    package private(set) var samples: [Sample] = []

    /// A family without samples yet.
    package init(_ kind: Kind, _ name: String, _ help: String) {
        self.kind = kind
        self.name = name
        self.help = help
    }

    /// A family of one number.
    package init(_ kind: Kind, _ name: String, _ help: String, _ value: Double) {
        self.init(kind, name, help)
        add(value)
    }

    package init(_ kind: Kind, _ name: String, _ help: String, _ value: Int) {
        self.init(kind, name, help, Double(value))
    }

    /// One of several states, as Prometheus tells of it: 1 for the present one, 0 for the others.
    package init(_ name: String, _ help: String, state: String, of states: [String]) {
        self.init(.gauge, name, help)
        for other in states { add(other == state ? 1 : 0, ["state": other]) }
    }

    package mutating func add(_ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
        samples.append(Sample(suffix: "", labels: labels.map { ($0.key, $0.value) }, value: value))
    }

    package mutating func add(_ value: Int, _ labels: KeyValuePairs<String, String> = [:]) {
        add(Double(value), labels)
    }

    package mutating func add(_ value: Double, labels: [(String, String)]) {
        samples.append(Sample(suffix: "", labels: labels, value: value))
    }

    /// The buckets of a histogram, cumulated as the format wants them, its sum and its count.
    package mutating func add(_ histogram: Histogram.Snapshot, labels: [(String, String)] = []) {
        precondition(kind == .histogram, "\(name) is no histogram")
        var count = 0
        for (bound, counted) in zip(histogram.bounds + [.infinity], histogram.counts) {
            count += counted
            let limit = bound == .infinity ? "+Inf" : "\(bound)"
            samples.append(Sample(suffix: "_bucket", labels: labels + [("le", limit)], value: Double(count)))
        }
        samples.append(Sample(suffix: "_sum", labels: labels, value: histogram.sum))
        samples.append(Sample(suffix: "_count", labels: labels, value: Double(count)))
    }
}
