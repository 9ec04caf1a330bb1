import Contract
import Testing

@testable import Revocation

@Suite struct RevocationPlanTests {
    private func plan(
        _ token: TokenClaims, scopes: Set<Scope.Kind>, now: Int64 = 1_799_999_000_000
    ) throws -> [String: Int64] {
        let plan = try RevocationPlan(
            token, reason: .logout, scopes: scopes, configuration: configuration(), now: now)
        return Dictionary(uniqueKeysWithValues: plan.entries.map { ($0.key, $0.secondsToLive) })
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

    @Test(arguments: [[], [Scope.Kind.subject], [.client], [.all], [.token, .subject]] as [Set<Scope.Kind>])
    func scopesWithCutOffsAreRefused(scopes: Set<Scope.Kind>) {
        let error = #expect(throws: RevocationError.self) {
            try plan(token(subject: "alice"), scopes: scopes)
        }
        #expect(error?.code == .invalidConfiguration)
    }
}
