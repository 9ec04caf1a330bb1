import Contract
import Testing

@testable import Revocation

@Suite struct RevocationPlanTests {
    private func plan(
        _ token: TokenClaims, scopes: Set<Scope.Kind>, now: Int64 = 1_799_999_000_000
    ) throws -> [String: Int64] {
        let configuration = configuration()
        let requests = try RevocationRequest.requests(
            for: token, scopes: scopes, configuration: configuration, now: now)
        let plan = try RevocationPlan(
            requests, reason: .logout,
            .init(issuer: try #require(TermsInForce.sample.issuer(nil)), terms: .sample, now: now))
        return Dictionary(uniqueKeysWithValues: plan.entries.compactMap { $0 }.map { ($0.key, $0.secondsToLive) })
    }

    @Test func aTokenIsKeptUntilItsExpiryAndTheMargin() throws {
        #expect(try plan(token(), scopes: [.token]) == ["revoked:jti:secret-jti": 1_000 + 120])
        #expect(try plan(token(), scopes: [.token], now: 1_799_999_999_999) == ["revoked:jti:secret-jti": 121])
        #expect(try plan(token(), scopes: [.token], now: 1_800_000_119_999) == ["revoked:jti:secret-jti": 1])
        #expect(try plan(token(), scopes: [.token], now: 1_800_000_120_000) == [:])
    }

    @Test func aSessionIsKeptAsLongAsItsLastRefreshTokenMayLive() throws {
        #expect(try plan(token(), scopes: [.session]) == ["revoked:sid:secret-sid": 30 * 86_400 + 120])
        #expect(try plan(token(), scopes: [.token, .session]).count == 2)
        // A session outlives its token: logging out with an expired one still ends it.
        #expect(
            try plan(token(), scopes: [.token, .session], now: 1_900_000_000_000)
                == ["revoked:sid:secret-sid": 30 * 86_400 + 120])
    }

    @Test func aKeyIsKeptAsLongAsItsStoreAllows() throws {
        let issuer = try #require(TermsInForce.sample.issuer(nil))
        let plan = try RevocationPlan(
            [.key("k1")], reason: .compromised,
            .init(issuer: issuer, terms: .sample, now: 1_799_999_000_000, longestToLive: 3_600))
        #expect(plan.entries[0]?.secondsToLive == 3_600)
    }

    /// Verifiers refuse a token for good that lives longer than revocations are kept. So its log-out succeeds, although
    /// the store keeps no revocation for so long. A token that may be accepted later is left for the store to refuse.
    @Test func aTokenThatOutlivesEveryRevocationIsKeptAsLongAsTheStoreAllows() throws {
        let now: Int64 = 1_799_999_000_000
        let day: Int64 = 86_400_000
        let issuer = try #require(TermsInForce.sample.issuer(nil))
        func secondsToLive(issuedAt: Int64?, expiresAt: Int64, longest: Int64 = 400 * 86_400) throws -> Int64? {
            let token = TokenClaims(issuer: "i", identifier: "t", issuedAt: issuedAt, expiresAt: expiresAt)
            let requests = try RevocationRequest.requests(
                for: token, scopes: [.token], configuration: configuration(), now: now)
            let inputs = RevocationPlan.Inputs(
                issuer: issuer, terms: .sample, now: now, longestToLive: longest, token: token)
            return try RevocationPlan(requests, reason: .logout, inputs).entries[0]?.secondsToLive
        }
        #expect(try secondsToLive(issuedAt: now, expiresAt: now + 500 * day) == 400 * 86_400)
        #expect(try secondsToLive(issuedAt: now - day, expiresAt: .max) == 400 * 86_400)
        #expect(try secondsToLive(issuedAt: .min, expiresAt: .max) == 400 * 86_400)
        // The lifetime that held when it was issued is 30 days, and never grows.
        #expect(try secondsToLive(issuedAt: now - day, expiresAt: now + 90 * day, longest: 31 * 86_400) == 31 * 86_400)
        // Accepted in the future, or once it has aged.
        let whole: Int64 = 500 * 86_400 + 120
        #expect(try secondsToLive(issuedAt: now + 480 * day, expiresAt: now + 500 * day) == whole)
        #expect(try secondsToLive(issuedAt: nil, expiresAt: now + 500 * day) == whole)
        // Just issued, by a clock that may differ from that of the terms.
        #expect(
            try secondsToLive(issuedAt: now, expiresAt: now + 90 * day, longest: 31 * 86_400) == 90 * 86_400 + 120)
    }

    private static let byToken: Set<Scope.Kind> = [.token]
    private static let bySession: Set<Scope.Kind> = [.session]

    @Test(arguments: [
        (token(identifier: nil), byToken),
        (token(identifier: ""), byToken),
        (token(expiresAt: nil), byToken),
        (token(session: nil), bySession),
        (token(session: ""), bySession),
        (token(session: nil), byToken.union(bySession)),
    ])
    func whatCannotBeNamedIsAnErrorAndNeverNothing(token: TokenClaims, scopes: Set<Scope.Kind>) {
        let error = #expect(throws: RevocationError.self) { try plan(token, scopes: scopes) }
        #expect(error?.code == .unrevocableToken)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func noScopeIsRefused() {
        let error = #expect(throws: RevocationError.self) { try plan(token(), scopes: []) }
        #expect(error?.code == .invalidConfiguration)
    }

    @Test func aTokenWithoutExpiryIsKeptForTheLongestThatIsConfigured() throws {
        var configuration = configuration()
        configuration.maximumTokenLifetime = .seconds(3_600)
        let now = configuration.wallClock()
        let requests = try RevocationRequest.requests(
            for: token(expiresAt: nil), scopes: [.token], configuration: configuration, now: now)
        #expect(requests == [.token("secret-jti", expiresAt: now + 3_600_000)])
    }

    private func cutOff(
        _ time: CutOffTime, held: [String] = [], logInTime: Int64? = nil, lead: Int64 = 0,
        now: Int64 = 1_799_999_000_000
    ) throws(RevocationError) -> String? {
        let reading = CutOffReading(time: now, held: held.map { Array($0.utf8) })
        // Lifetimes are reckoned from another clock, which says nothing about cut-offs.
        guard let terms = TermsInForce.sample(lead: lead), let issuer = terms.issuer(nil) else { return nil }
        let plan = try RevocationPlan(
            [.subject("alice", issuedBefore: time)], reason: .admin,
            .init(
                issuer: issuer, terms: terms, now: now - 5_000,
                cutOffs: ["revoked:sub:alice": reading],
                token: logInTime.map { TokenClaims(issuer: "i", issuedAt: $0) }))
        #expect(plan.entries[0]?.secondsToLive == 2_592_120)
        return plan.entries[0]?.value
    }

    @Test func aCutOffOfNowLiesBehindTheOneBefore() throws {
        let now: Int64 = 1_799_999_000_000
        #expect(try cutOff(.now) == "\(now)")
        #expect(try cutOff(.now, held: ["\(now - 1)"]) == "\(now)")
        #expect(try cutOff(.now, held: ["\(now)"]) == "\(now + 1)")
        #expect(try cutOff(.now, held: ["\(now + 20_000)"]) == "\(now + 20_001)")
        #expect(try cutOff(.now, held: ["\(now + 60_000)"]) == "\(now + 60_000)")
        for held in ["soon", "0", "\(now / 1_000)", "\(now + 60_001)"] {
            #expect(try cutOff(.now, held: [held]) == "\(now)")
        }
        // Of another scope, whichever it is.
        #expect(try cutOff(.now, held: ["\(now + 7)", "soon", "\(now + 3)"]) == "\(now + 8)")
    }

    @Test func aCutOffOfNowReachesAsFarAsTheIssuersClockMayBeAhead() throws {
        let now: Int64 = 1_799_999_000_000
        #expect(try cutOff(.now, lead: 2_000) == "\(now + 2_000)")
        #expect(try cutOff(.now, held: ["\(now + 1_999)"], lead: 2_000) == "\(now + 2_000)")
        #expect(try cutOff(.now, held: ["\(now + 2_000)"], lead: 2_000) == "\(now + 2_001)")
        #expect(try cutOff(.now, logInTime: now + 1_000, lead: 2_000) == "\(now + 2_000)")
        #expect(try cutOff(.now, lead: 30_000) == "\(now + 30_000)")
        // One that is named is taken at its word.
        #expect(try cutOff(.at(now - 5), lead: 2_000) == "\(now - 5)")
    }

    @Test(
        arguments: [
            (["a": Duration.seconds(3)], nil, 3_000), (["a": .seconds(3), "b": .zero], nil, 3_000), ([:], nil, 2_000),
            (["a": .seconds(3)], "a", 3_000), (["a": .zero], "b", 2_000), ([:], "b", 2_000),
        ] as [([String: Duration], String?, Int64)])
    func anIssuerThatIsNotNamedHasTheLongestLead(leads: [String: Duration], issuer: String?, lead: Int64) {
        var configuration = RevocationConfiguration()
        configuration.issuerLeads = leads
        #expect(configuration.lead(of: issuer) == lead)
    }

    /// The terms need not say how far iat of an issuer without a name may be ahead: whoever revokes says it.
    @Test func aCutOffUnderTermsWithoutANameReachesAsFarAsThisProcessKnows() {
        var configuration = RevocationConfiguration()
        #expect(configuration.cutOffLead == 2_000)
        configuration.issuerLead = .zero
        #expect(configuration.cutOffLead == 0)
        // As the command line does, which verifies nothing.
        configuration.leastCutOffLead = 2_000
        #expect(configuration.cutOffLead == 2_000)
        configuration.issuerLead = .seconds(3)
        #expect(configuration.cutOffLead == 3_000)
        // The times of a node's own issuer are the store's.
        configuration.leastCutOffLead = 0
        configuration.issuers = [.init("a"), .init("b", label: "b")]
        configuration.issuerLeads = ["a": .zero, "b": .seconds(1)]
        #expect(configuration.cutOffLead == 1_000)
        configuration.issuerLeads["b"] = .zero
        #expect(configuration.cutOffLead == 0)
    }

    @Test func theTokenThatIsPresentedEndsWhateverClockItWasIssuedBy() throws {
        let now: Int64 = 1_799_999_000_000
        #expect(try cutOff(.now, logInTime: now - 1) == "\(now)")
        #expect(try cutOff(.now, logInTime: now + 2_500) == "\(now + 2_500)")
        #expect(try cutOff(.now, held: ["\(now + 3_000)"], logInTime: now + 2_500) == "\(now + 3_001)")
        #expect(try cutOff(.now, held: ["\(now + 1_000)"], logInTime: now + 60_000) == "\(now + 60_000)")
        let error = #expect(throws: RevocationError.self) { try cutOff(.now, logInTime: now + 60_001) }
        #expect(error?.code == .implausibleCutOff)
    }

    @Test(arguments: [0, -1, 1_799_999_000, 1_799_999_060_001, .max, .min] as [Int64])
    func aCutOffThatCannotBeMeantIsRefused(time: Int64) {
        let error = #expect(throws: RevocationError.self) { try cutOff(.at(time)) }
        #expect(error?.code == .implausibleCutOff)
    }

    @Test(arguments: [1_000_000_000_000, 1_799_999_060_000] as [Int64])
    func aCutOffMayBeGiven(time: Int64) throws {
        #expect(try cutOff(.at(time)) == "\(time)")
    }
}
