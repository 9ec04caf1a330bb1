import Contract
import Testing

@Suite struct RotationTests {
    private static let now: Int64 = 1_700_000_000_000
    private let mine = Rotation(time: now - 10, successor: "mine")
    private let pinned = Array("epoch".utf8)
    private let token = TokenClaims(
        kind: .refresh, issuer: "i", subject: "s", session: "sid", identifier: "jti", issuedAt: now - 1_000)

    @Test func aValueIsReadBack() {
        for rotation in [mine, Rotation(time: 0, successor: "a:b"), Rotation(time: 1, successor: "ü")] {
            #expect(Rotation(value: Array(rotation.value.utf8)) == rotation)
        }
        #expect(mine.value == "rotated:1699999999990:mine")
        for text in [
            "rotated", "rotated:", "rotated:1", "rotated:1:", "rotated:x:a", "rotated:-1:a", "Rotated:1:a", "logout",
        ] {
            #expect(Rotation(value: Array(text.utf8)) == nil)
        }
    }

    private func decide(
        _ existing: String?, _ held: String?, session: String? = nil, subject: String? = nil, epoch: String? = "epoch",
        grace: Int64 = 0
    ) throws -> String {
        let check = Check(token, in: Namespace())
        let values = [held, session, subject, nil, epoch].map { $0.map { Array($0.utf8) } }
        let decision = check.rotation(
            existing: existing.map { Array($0.utf8) }, values: values, claim: mine, grace: grace, pinnedEpoch: pinned,
            now: Self.now)
        return switch decision {
        case .won(let successor): "won \(successor)"
        case .repeated(let successor): "repeated \(successor)"
        case .reused: "reused"
        case .revoked(let reason): "revoked \(reason.text)"
        case .unknown(let cause): cause.code.rawValue
        }
    }

    @Test func bothAnswersMustAgree() throws {
        let own = mine.value
        let other = Rotation(time: Self.now - 500, successor: "theirs").value
        #expect(try decide(nil, own) == "won mine")
        #expect(try decide(own, own) == "won mine")
        #expect(try decide(other, other) == "reused")
        #expect(try decide("logout", "logout") == "revoked logout")
        // Logged out between the claim and the look-up.
        #expect(try decide(nil, "logout") == "revoked logout")
        #expect(try decide(other, "logout") == "revoked logout")
        // What no store may say.
        for (existing, held) in [(nil, nil), (nil, other), (other, own), (own, other), (own, nil)]
            as [(String?, String?)]
        {
            #expect(try decide(existing, held) == "malformedReply")
        }
        #expect(try decide("rotated", "rotated") == "revoked rotated")
    }

    @Test func theOtherScopesDecideAsForAnyToken() throws {
        let own = mine.value
        let other = Rotation(time: Self.now - 500, successor: "theirs").value
        for existing in [nil, own, other] {
            let held = existing ?? own
            #expect(try decide(existing, held, session: "compromised", grace: 1_000) == "revoked compromised")
            #expect(try decide(existing, held, subject: "\(Self.now)") == "revoked issued before the cut-off of sub")
            #expect(try decide(existing, held, epoch: nil) == "epochMissing")
            #expect(try decide(existing, held, epoch: "other") == "epochChanged")
            #expect(try decide(existing, held, subject: "soon") == "implausibleCutOff")
        }
    }

    @Test func whatGotNoAnswerIsServedAgainOnlyWhileOthersWouldBe() throws {
        let held = Rotation(time: Self.now - 10_000, successor: "mine").value
        #expect(try decide(held, held, grace: 10_001) == "won mine")
        // Another process may have handed the same successor out meanwhile.
        #expect(try decide(held, held, grace: 10_000) == "reused")
        // Without a grace none has.
        #expect(try decide(held, held, grace: 0) == "won mine")
    }

    @Test func theGraceBeginsWithTheFirstExchange() throws {
        func age(_ milliseconds: Int64, grace: Int64) throws -> String {
            let other = Rotation(time: Self.now - milliseconds, successor: "theirs").value
            return try decide(other, other, grace: grace)
        }
        #expect(try age(0, grace: 0) == "reused")
        #expect(try age(-1, grace: 0) == "reused")
        #expect(try age(999, grace: 1_000) == "repeated theirs")
        #expect(try age(1_000, grace: 1_000) == "reused")
        // The clock of the node that wrote it was ahead.
        #expect(try age(-30_000, grace: 1_000) == "repeated theirs")
        #expect(try age(-30_001, grace: 1_000) == "reused")
    }
}
