import Contract
import Testing

@testable import Revocation

@Suite struct AnswerCacheTests {
    /// What is known of one name says nothing of another that looks the same.
    @Test func namesAreTakenByteForByte() {
        let (name, lookalike) = ("jos\u{E9}", "jose\u{301}")
        func check(_ subject: String) -> Check {
            Check(TokenClaims(issuer: "i", subject: subject, issuedAt: 1_700_000_000_150), in: Namespace())
        }
        func entry(_ subject: String, _ cutOff: Int64) -> RevocationEntry {
            RevocationEntry(key: "revoked:sub:\(subject)", kind: .subject, value: "\(cutOff)", secondsToLive: 60)
        }
        var known = AnswerCache()
        let now = ContinuousClock.now
        known.wrote([entry(name, 1_700_000_000_200)], isAcknowledged: true, at: now)
        #expect(known.ownRevocation(of: check(name), now: .max / 2) != nil)
        #expect(known.ownRevocation(of: check(lookalike), now: .max / 2) == nil)
        known.wrote([entry(lookalike, 1_700_000_000_100)], isAcknowledged: true, at: now)
        #expect(known.ownRevocation(of: check(name), now: .max / 2) != nil)
        known.restored(["revoked:sub:\(lookalike)"])
        #expect(known.ownRevocation(of: check(name), now: .max / 2) != nil)
    }
}
