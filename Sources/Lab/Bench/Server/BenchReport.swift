public import Foundation

/// Everything that `revoked bench` found, as it stands in its JSON file. Times are in microseconds, sizes in bytes.
public struct BenchReport: Codable, Sendable {
    public struct Machine: Codable, Sendable {
        public var processor: String
        public var processors: Int
        public var system: String
        /// On which processor the servers ran, and on which the generator; nil if they were free to move.
        public var serverProcessor: Int?
        public var generatorProcessor: Int?
    }

    public struct Server: Codable, Sendable {
        public var kind: ServerKind
        public var version: String
    }

    /// One run.
    public struct Sample: Codable, Sendable {
        public var server: ServerKind
        public var workload: Workload
        public var inFlight: Int
        public var alternation: Int
        public var requests: Int
        public var seconds: Double
        /// User and system time of the server's process for one request.
        public var serverTime: Double
        /// The same of the generator's thread.
        public var generatorTime: Double
        public var requestsPerSecond: Double
        public var p50: Double
        public var p99: Double
        public var p999: Double
        /// The generator, not the server, was the limit: rate and latency are the generator's.
        public var isGeneratorLimited: Bool
    }

    public var date: Date
    public var machine: Machine
    /// A build without optimisation measures nothing.
    public var isDebugBuild: Bool
    public var servers: [Server] = []
    public var keys: Int
    public var connections: Int
    public var alternations: Int
    public var samples: [Sample] = []
    /// Medians over the alternations, and ratios of ours to each peer: of each alternation, then their median.
    public var comparisons: [Comparison] = []
    public var memory: [MemoryFigures] = []
    public var durability: [DurabilityFigures] = []

    /// Writes it as JSON.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try encoder.encode(self).write(to: URL(filePath: path))
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
