/// One metric with all its label values, as Prometheus' text format tells of it.
public struct MetricFamily: Sendable {
    public enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// One line.
    public struct Sample: Sendable {
        /// What follows the family's name: `_bucket`, `_sum` or `_count` of a histogram.
        public var suffix: String
        public var labels: [(name: String, value: String)]
        public var value: Double
    }

    /// In base units: seconds and bytes; counters end in `_total`.
    public let name: String
    public let help: String
    public let kind: Kind
    public private(set) var samples: [Sample] = []

    /// A family without samples yet.
    public init(_ kind: Kind, _ name: String, _ help: String) {
        self.kind = kind
        self.name = name
        self.help = help
    }

    /// A family of one number.
    public init(_ kind: Kind, _ name: String, _ help: String, _ value: Double) {
        self.init(kind, name, help)
        add(value)
    }

    public init(_ kind: Kind, _ name: String, _ help: String, _ value: Int) {
        self.init(kind, name, help, Double(value))
    }

    /// One of several states, as Prometheus tells of it: 1 for the present one, 0 for the others.
    public init(_ name: String, _ help: String, state: String, of states: [String]) {
        self.init(.gauge, name, help)
        for other in states { add(other == state ? 1 : 0, ["state": other]) }
    }

    public mutating func add(_ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
        samples.append(Sample(suffix: "", labels: labels.map { ($0.key, $0.value) }, value: value))
    }

    public mutating func add(_ value: Int, _ labels: KeyValuePairs<String, String> = [:]) {
        add(Double(value), labels)
    }

    public mutating func add(_ value: Double, labels: [(String, String)]) {
        samples.append(Sample(suffix: "", labels: labels, value: value))
    }

    /// The buckets of a histogram, cumulated as the format wants them, its sum and its count.
    public mutating func add(_ histogram: Histogram.Snapshot, labels: [(String, String)] = []) {
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
