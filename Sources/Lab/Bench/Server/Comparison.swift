/// One workload at one depth: what each server took, and how ours stands to each peer.
package struct Comparison: Codable, Sendable {
    /// Medians over the alternations.
    package struct Figures: Codable, Sendable {
        package var server: ServerKind
        package var serverTime: Double
        package var generatorTime: Double
        package var requestsPerSecond: Double
        package var p50: Double
        package var p99: Double
        package var p999: Double
        /// In more than half of the runs.
        package var isGeneratorLimited: Bool
    }

    /// Ours divided by the peer's: of each alternation, then their median.
    package struct Ratio: Codable, Sendable {
        package var peer: ServerKind
        package var serverTime: Double
        package var requestsPerSecond: Double
        package var p50: Double
        package var p99: Double
        package var p999: Double
    }

    package var workload: Workload
    package var inFlight: Int
    package var figures: [Figures]
    package var ratios: [Ratio]

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
