public import Foundation

/// What a `revoked load` found, as it stands in its JSON file. Times are in microseconds unless they say seconds;
/// seconds count from the run's start.
public struct LoadReport: Codable, Sendable {
    /// A name and its value, as a person reads them.
    public struct Fact: Codable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// One kind of operation: a command, a request to a route, or a span that is measured like one.
    public struct Operation: Codable, Sendable {
        public var name: String
        public var count: Int
        public var errors: Int
        /// From the intended start in an open loop, from the sending in a closed one.
        public var latency: Latency
    }

    public struct Latency: Codable, Sendable {
        public var p50: Double
        public var p90: Double
        public var p99: Double
        public var p999: Double
        public var p9999: Double
        public var maximum: Double
        /// The distribution as points, in rising order: how many percent took at most so long.
        public var points: [Point]

        public struct Point: Codable, Sendable {
            public var percentile: Double
            public var value: Double
        }
    }

    /// One second of the time line.
    public struct Second: Codable, Sendable {
        public var second: Int
        public var completed: Int
        public var errors: Int
        public var violations: Int
        public var p50: Double
        public var p99: Double
        public var maximum: Double
    }

    /// What was done to a process on purpose.
    public struct Fault: Codable, Sendable {
        /// Such as `kill -9`, `pause`, `disk full`.
        public var kind: String
        /// Such as `daemon`, `node 2`.
        public var target: String
        /// Seconds from the run's start.
        public var start: Double
        /// When it was over and the target answered again, in seconds; nil if that was not seen.
        public var end: Double?
    }

    /// Such as `revoked load chaos`.
    public var title: String
    public var date: Date
    public var machine: BenchReport.Machine
    /// A build without optimisation measures nothing.
    public var isDebugBuild: Bool
    /// What was asked for.
    public var settings: [Fact] = []
    /// From which every random choice came, where the run can be repeated.
    public var seed: UInt64?
    public var seconds: Double = 0
    public var operations: [Operation] = []
    /// What was counted: verdicts, unknowns by cause, processor time for a request.
    public var facts: [Fact] = []
    public var timeLine: [Second] = []
    public var faults: [Fault] = []
    public var comparisons: [Comparison]?
    public var phases: [Phase]?
    /// What must not be: violations, lost revocations, a limit that was passed. Empty if all held.
    public var failures: [String] = []
    /// What makes the figures less than they seem, such as that the generator was the limit.
    public var warnings: [String] = []
}
