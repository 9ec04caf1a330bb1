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

    @Test func theGeneratorIsTheLimitIfOnlyTheServerHadTimeLeft() {
        var result = LoadResult()
        result.nanoseconds = 100
        result.generatorNanoseconds = 95
        result.serverNanoseconds = 60
        #expect(result.isGeneratorLimited)
        result.serverNanoseconds = 95
        #expect(!result.isGeneratorLimited)
    }

    private func sample(_ server: ServerKind, _ alternation: Int, _ serverTime: Double) -> BenchReport.Sample {
        var result = LoadResult()
        result.nanoseconds = 1
        var sample = BenchReport.Sample(result, server, .existsHit, inFlight: 1, alternation: alternation)
        sample.serverTime = serverTime
        return sample
    }
}
