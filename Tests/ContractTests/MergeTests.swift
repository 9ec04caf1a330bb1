import Contract
import Testing

@Suite struct MergeTests {
    private func winner(_ kind: Scope.Kind, _ existing: String, _ incoming: String) -> Merge.Winner {
        Merge.winner(kind: kind, existing: existing.utf8.span.bytes, incoming: incoming.utf8.span.bytes)
    }

    @Test(arguments: [Scope.Kind.token, .session, .key])
    func theFirstReasonStaysButRotatedYields(kind: Scope.Kind) {
        #expect(winner(kind, "logout", "admin") == .existing)
        #expect(winner(kind, "logout", "rotated:1:b") == .existing)
        #expect(winner(kind, "rotated:1:b", "logout") == .incoming)
        #expect(winner(kind, "rotated:1:b", "rotated:2:c") == .existing)
        #expect(winner(kind, "rotate", "logout") == .existing)
        #expect(winner(kind, "", "logout") == .existing)
        // A number is a reason like any other here.
        #expect(winner(kind, "1", "2") == .existing)
    }

    @Test(arguments: [Scope.Kind.subject, .client, .all])
    func theLargerCutOffWins(kind: Scope.Kind) {
        #expect(winner(kind, "1700000000000", "1700000000001") == .incoming)
        #expect(winner(kind, "1700000000001", "1700000000000") == .existing)
        #expect(winner(kind, "1700000000000", "1700000000000") == .existing)
        // Numbers, not texts.
        #expect(winner(kind, "999999999999", "1700000000000") == .incoming)
        #expect(winner(kind, "01700000000000", "1700000000000") == .existing)
        #expect(winner(kind, "logout", "1700000000000") == .incoming)
        #expect(winner(kind, "1700000000000", "logout") == .existing)
        #expect(winner(kind, "1700000000000", "rotated:1:b") == .existing)
    }

    /// Whatever the order of writes, the same revocation results: a revocation only grows.
    @Test func theOrderOfCutOffsDoesNotMatter() {
        let values = ["1600000000000", "1700000000000", "1800000000000"]
        for first in values {
            for second in values {
                let kept = winner(.subject, first, second) == .incoming ? second : first
                #expect(kept == max(first, second))
            }
        }
    }
}
