import Foundation
import Testing

@testable import Lab

@Suite struct ComparisonTests {
    @Test func aRatioIsTheMedianOfTheTurnsRatios() throws {
        // A turn in which everything was slow does not count for one side only.
        let samples =
            zip([1.0, 30, 3], [2.0, 10, 4]).enumerated().flatMap { turn, times in
                [sample(.revoked, turn, times.0), sample(.redis, turn, times.1)]
            }
        let comparison = Comparison(.existsHit, inFlight: 1, samples: samples)
        #expect(comparison.figures(of: .revoked)?.serverTime == 3)
        #expect(comparison.figures(of: .redis)?.serverTime == 4)
        #expect(comparison.ratio(to: .redis)?.serverTime == 0.75)
        #expect(comparison.ratio(to: .echo) == nil)
    }

    @Test func aCheckOfEveryScopeIsComparedWithOneOfFourKeysInTheSameTurn() throws {
        var report = BenchReport(
            date: .now, machine: .init(processor: "", processors: 2, system: ""), isDebugBuild: false, keys: 1,
            connections: 1, alternations: 3)
        report.samples = zip([1.0, 30, 3], [1.5, 45, 6]).enumerated().flatMap { turn, times in
            [sample(.revoked, turn, times.0, .check), sample(.revoked, turn, times.1, .check7)]
        }
        report.samples.append(sample(.redis, 0, 1, .check))
        #expect(report.costOfScopes(.revoked, inFlight: 1) == 1.5)
        #expect(report.costOfScopes(.redis, inFlight: 1) == nil)
        #expect(report.costOfScopes(.revoked, inFlight: 16) == nil)
        report.comparisons = [Workload.check, .check7].map { workload in
            Comparison(workload, inFlight: 1, samples: report.samples.filter { $0.workload == workload })
        }
        #expect(report.text.contains("CPU, MGET of 7 ÷ of 4"))
        report.comparisons.removeLast()
        #expect(!report.text.contains("MGET of 7"))
    }

    @Test func theGeneratorIsTheLimitIfOnlyTheServerHadTimeLeft() {
        var result = LoadResult()
        result.nanoseconds = 100
        result.generatorNanoseconds = 95
        result.serverNanoseconds = 60
        #expect(result.isGeneratorLimited)
        result.serverNanoseconds = 95
        #expect(!result.isGeneratorLimited)
    }

    private func sample(
        _ server: ServerKind, _ alternation: Int, _ serverTime: Double, _ workload: Workload = .existsHit
    ) -> BenchReport.Sample {
        var result = LoadResult()
        result.nanoseconds = 1
        var sample = BenchReport.Sample(result, server, workload, inFlight: 1, alternation: alternation)
        sample.serverTime = serverTime
        return sample
    }
}
