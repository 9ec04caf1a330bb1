/// One workload at one depth: what each server took, and how ours stands to each peer.
public struct Comparison: Codable, Sendable {
    /// Medians over the alternations.
    public struct Figures: Codable, Sendable {
        public var server: ServerKind
        public var serverTime: Double
        public var generatorTime: Double
        public var requestsPerSecond: Double
        public var p50: Double
        public var p99: Double
        public var p999: Double
        /// In more than half of the runs.
        public var isGeneratorLimited: Bool
    }

    /// Ours divided by the peer's: of each alternation, then their median.
    public struct Ratio: Codable, Sendable {
        public var peer: ServerKind
        public var serverTime: Double
        public var requestsPerSecond: Double
        public var p50: Double
        public var p99: Double
        public var p999: Double
    }

    public var workload: Workload
    public var inFlight: Int
    public var figures: [Figures]
    public var ratios: [Ratio]

    /// - Parameter samples: all of this workload at this depth.
    init(_ workload: Workload, inFlight: Int, samples: [BenchReport.Sample]) {
        self.workload = workload
        self.inFlight = inFlight
        let byServer = Dictionary(grouping: samples, by: \.server)
        figures = ServerKind.allCases.compactMap { kind in byServer[kind].map { Figures(kind, $0) } }
        let ours = byServer[.revoked] ?? []
        ratios = ServerKind.allCases.filter { $0 != .revoked }.compactMap { kind in
            byServer[kind].map { Ratio(ours, to: $0, kind) }
        }
    }

    func figures(of kind: ServerKind) -> Figures? { figures.first { $0.server == kind } }
}

extension Comparison.Figures {
    fileprivate init(_ kind: ServerKind, _ samples: [BenchReport.Sample]) {
        func median(_ value: (BenchReport.Sample) -> Double) -> Double { samples.map(value).median }
        server = kind
        serverTime = median(\.serverTime)
        generatorTime = median(\.generatorTime)
        requestsPerSecond = median(\.requestsPerSecond)
        p50 = median(\.p50)
        p99 = median(\.p99)
        p999 = median(\.p999)
        isGeneratorLimited = samples.count(where: \.isGeneratorLimited) * 2 > samples.count
    }
}

extension Comparison.Ratio {
    fileprivate init(_ ours: [BenchReport.Sample], to peers: [BenchReport.Sample], _ kind: ServerKind) {
        func median(_ value: (BenchReport.Sample) -> Double) -> Double {
            ours.compactMap { mine in
                peers.first { $0.alternation == mine.alternation }.map { value(mine) / value($0) }
            }.median
        }
        peer = kind
        serverTime = median(\.serverTime)
        requestsPerSecond = median(\.requestsPerSecond)
        p50 = median(\.p50)
        p99 = median(\.p99)
        p999 = median(\.p999)
    }
}

extension [Double] {
    /// The middle one, or the mean of the two in the middle; not a number if there is none.
    var median: Double {
        let ordered = sorted()
        guard !ordered.isEmpty else { return .nan }
        return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
    }
}
