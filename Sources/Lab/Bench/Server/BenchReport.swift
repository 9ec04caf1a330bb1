package import Foundation

/// Everything that `revoked-lab bench server` found, as it stands in its JSON file. Times are in microseconds, sizes in
/// bytes.
package struct BenchReport: Codable, Sendable {
    package struct Machine: Codable, Sendable {
        package var processor: String
        package var processors: Int
        package var system: String
        /// On which processor the servers ran, and on which the generator; nil if they were free to move.
        package var serverProcessor: Int?
        package var generatorProcessor: Int?
    }

    package struct Server: Codable, Sendable {
        package var kind: ServerKind
        package var version: String
    }

    /// One run.
    package struct Sample: Codable, Sendable {
        package var server: ServerKind
        package var workload: Workload
        package var inFlight: Int
        package var alternation: Int
        package var requests: Int
        package var seconds: Double
        /// User and system time of the server's process for one request.
        package var serverTime: Double
        /// The same of the generator's thread.
        package var generatorTime: Double
        package var requestsPerSecond: Double
        package var p50: Double
        package var p99: Double
        package var p999: Double
        /// The generator, not the server, was the limit: rate and latency are the generator's.
        package var isGeneratorLimited: Bool
    }

    package var date: Date
    package var machine: Machine
    /// A build without optimisation measures nothing.
    package var isDebugBuild: Bool
    package var servers: [Server] = []
    package var keys: Int
    package var connections: Int
    package var alternations: Int
    /// Over TLS 1.3, through a tunnel at the generator's side; nil in plain text.
    package var isEncrypted: Bool?
    package var samples: [Sample] = []
    /// Medians over the alternations, and ratios of ours to each peer: of each alternation, then their median.
    package var comparisons: [Comparison] = []
    package var memory: [MemoryFigures] = []
    package var durability: [DurabilityFigures] = []

    /// Writes it as JSON.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try encoder.encode(self).write(to: URL(filePath: path))
    }
}

extension BenchReport {
    /// Reads what ``write(to:)`` wrote.
    init(json path: String) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        self = try decoder.decode(BenchReport.self, from: Data(contentsOf: URL(filePath: path)))
    }
}

extension BenchReport.Sample {
    init(_ result: LoadResult, _ server: ServerKind, _ workload: Workload, inFlight: Int, alternation: Int) {
        self.server = server
        self.workload = workload
        self.inFlight = inFlight
        self.alternation = alternation
        requests = result.requests
        seconds = Double(result.nanoseconds) / 1e9
        serverTime = result.serverTime
        generatorTime = result.generatorTime
        requestsPerSecond = result.requestsPerSecond
        let latency = result.latency
        p50 = latency.percentile(50)
        p99 = latency.percentile(99)
        p999 = latency.percentile(99.9)
        isGeneratorLimited = result.isGeneratorLimited
    }
}
