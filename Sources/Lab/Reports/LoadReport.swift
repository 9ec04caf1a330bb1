package import Foundation

/// What `revoked-lab load` found, as it stands in its JSON file. Times are in microseconds unless they say seconds;
/// seconds count from the run's start.
package struct LoadReport: Codable, Sendable {
    /// A name and its value, as a person reads them.
    package struct Fact: Codable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// One kind of operation: a command, a request to a route, or a span that is measured like one.
    package struct Operation: Codable, Sendable {
        package var name: String
        package var count: Int
        package var errors: Int
        /// From the intended start in an open loop, from the sending in a closed one.
        package var latency: Latency
    }

    package struct Latency: Codable, Sendable {
        package var p50: Double
        package var p90: Double
        package var p99: Double
        package var p999: Double
        package var p9999: Double
        package var maximum: Double
        /// The distribution as points, in rising order: how many percent took at most so long.
        package var points: [Point]

        package struct Point: Codable, Sendable {
            package var percentile: Double
            package var value: Double
        }
    }

    /// One second of the time line.
    package struct Second: Codable, Sendable {
        package var second: Int
        package var completed: Int
        package var errors: Int
        package var violations: Int
        package var p50: Double
        package var p99: Double
        package var maximum: Double
    }

    /// What was done to a process on purpose.
    package struct Fault: Codable, Sendable {
        /// Such as `kill -9`, `pause`, `disk full`.
        package var kind: String
        /// Such as `daemon`, `node 2`.
        package var target: String
        /// Seconds from the run's start.
        package var start: Double
        /// When it was over and the target answered again, in seconds; nil if that was not seen.
        package var end: Double?
    }

    /// Such as `revoked-lab load chaos`.
    package var title: String
    package var date: Date
    package var machine: BenchReport.Machine
    /// A build without optimisation measures nothing.
    package var isDebugBuild: Bool
    /// What was asked for.
    package var settings: [Fact] = []
    /// From which every random choice came, where the run can be repeated.
    package var seed: UInt64?
    package var seconds: Double = 0
    package var operations: [Operation] = []
    /// What was counted: verdicts, unknowns by cause, processor time for a request.
    package var facts: [Fact] = []
    package var timeLine: [Second] = []
    package var faults: [Fault] = []
    package var comparisons: [Comparison]?
    package var phases: [Phase]?
    /// What must not be: violations, lost revocations, a limit that was passed. Empty if all held.
    package var failures: [String] = []
    /// What makes the figures less than they seem, such as that the generator was the limit.
    package var warnings: [String] = []
}
