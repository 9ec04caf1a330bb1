import Contract
import Testing

@Suite struct LifetimeTests {
    @Test(
        arguments: [
            (1_000_000, 0, 1_120), (1_000_001, 0, 1_121), (1_000_999, 0, 1_121), (1_000_000, 1, 1_120),
            (1_000_000, 999, 1_120),
            (1_000_000, 1_000, 1_119),
            // Past, but verifiers may still accept it.
            (0, 0, 120), (0, 119_999, 1), (0, 119_000, 1), (0, 118_999, 2),
            (0, 120_000, nil), (0, 120_001, nil), (0, .max, nil), (.min, 0, nil), (.min, .max, nil),
            // Beyond time, but a revocation all the same.
            (.max, 0, .max / 1_000), (.max, .min, .max / 1_000), (.max, -1, .max / 1_000),
        ] as [(Int64, Int64, Int64?)])
    func secondsToLive(expiresAt: Int64, now: Int64, expected: Int64?) {
        #expect(Lifetime.secondsToLive(expiresAt: expiresAt, now: now) == expected)
    }

    /// Never early: the key lives at least until the last verifier stops accepting the token.
    @Test func aRevocationNeverEndsBeforeItsTokenAndTheMargin() throws {
        for remaining in stride(from: Int64(-120_500), through: 5_000, by: 7) {
            let expiresAt: Int64 = 1_700_000_000_000
            let now = expiresAt - remaining
            if let seconds = Lifetime.secondsToLive(expiresAt: expiresAt, now: now) {
                #expect(seconds > 0)
                let end = now + seconds * 1_000
                #expect(
                    end >= expiresAt + Limits.marginMilliseconds && end < expiresAt + Limits.marginMilliseconds + 1_000)
            } else {
                #expect(now >= expiresAt + Limits.marginMilliseconds)
            }
        }
    }
}
