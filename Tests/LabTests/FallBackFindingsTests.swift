#if os(Linux)
    import Testing

    @testable import Lab

    @Suite struct FallBackFindingsTests {
        private static let second: Int64 = 1_000_000_000

        /// A check each millisecond from 0 to 10 s.
        private func findings(
            backAt: Int64 = 5 * second, _ change: (_ due: Int64) -> (took: Int64, isKnown: Bool)
        ) -> FallBackFindings? {
            let samples = (0..<10_000 as Range<Int64>).map { number in
                let due = number * 1_000_000
                let (took, isKnown) = change(due)
                return PacedChecks.Sample(due: due, took: took, isLocal: due < 5 * Self.second, isKnown: isKnown)
            }
            return FallBackFindings(samples, lostAt: 5 * Self.second, backAt: backAt)
        }

        @Test func whatIsNeverSlowIsFast() throws {
            let found = try #require(findings { _ in (1_000, true) })
            #expect([found.before, found.first, found.second, found.later] == [1_000, 1_000, 1_000, 1_000])
            #expect(found.asked == 5_000 && found.unknown == 0 && found.unknownWhileAway == 0)
        }

        @Test func eachSecondCountsForItself() throws {
            let found = try #require(
                findings { due in (due < 5 * Self.second ? 1 : min(4, due / Self.second - 3), true) })
            #expect([found.before, found.first, found.second, found.later] == [1, 2, 3, 4])
        }

        /// One in a hundred may be slow.
        @Test func whatIsSlowMoreOftenIsSeen() throws {
            let rare = try #require(findings { ($0 % 200_000_000 == 0 ? 9 : 1, true) })
            #expect(rare.later == 1)
            let often = try #require(findings { ($0 % 50_000_000 == 0 ? 9 : 1, true) })
            #expect(often.later == 9)
        }

        @Test func oneCheckWithoutAVerdictCounts() throws {
            let found = try #require(findings { (1_000, $0 != 6_050_000_000) })
            #expect(found.lastUnknown == 1_050_000_000 && found.unknown == 1)
        }

        @Test func whatIsUnknownWhileTheStoreIsAwayIsCountedApart() throws {
            let found = try #require(
                findings(backAt: 6 * Self.second) { (1_000, !(5 * Self.second..<6 * Self.second).contains($0)) })
            #expect(found.unknown == 0 && found.unknownWhileAway == 1_000 && found.lastUnknown == 0)
        }
    }
#endif
