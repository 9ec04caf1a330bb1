import Contract
import RevocationHTTP
import Testing

/// What a verifier makes of the times of a token, by what is known of its issuer.
@Suite struct LogInTimeTests {
    let forge = TokenForge()

    private func verifier(
        now: Int64 = TokenForge.now, longestLifetime: Duration = .seconds(86_400),
        _ change: (inout TrustedIssuer) -> Void
    ) async throws -> TokenVerifier {
        var issuer = TrustedIssuer(name: "us", audience: "shop", keys: try await forge.keys())
        change(&issuer)
        return TokenVerifier(issuers: [issuer], longestLifetime: longestLifetime, clock: WallClock { now })
    }

    private func verify(
        _ changes: [String: String?], now: Int64 = TokenForge.now, _ change: (inout TrustedIssuer) -> Void = { _ in }
    ) async throws -> Result<TokenClaims, TokenRejection> {
        let (verifier, token) = (try await verifier(now: now, change), try forge.token(claims: changes))
        do throws(TokenRejection) { return .success(try await verifier.verify(token)) } catch { return .failure(error) }
    }

    private func code(_ result: Result<TokenClaims, TokenRejection>) -> TokenRejection.Code? {
        if case .failure(let rejection) = result { rejection.code } else { nil }
    }

    @Test(
        arguments: [
            ("1799999000.5", 1_799_999_000_500), ("1799999000.0006", 1_799_999_000_001),
            ("1799999000", 1_799_999_000_000),
            ("0", 0), ("null", nil), (nil, nil),
        ] as [(String?, Int64?)])
    func theTimeOfAuthenticationCountsWhereItIsConfigured(text: String?, milliseconds: Int64?) async throws {
        let claims = try await verify(["auth_time": text]) { $0.usesAuthenticationTime = true }.get()
        #expect(claims.authenticatedAt == milliseconds)
        #expect(claims.logInTime == milliseconds ?? TokenForge.now + 123)
        #expect(try await verify(["auth_time": text]).get().authenticatedAt == nil)
        #expect(try await verify(["auth_time": text]).get().logInTime == TokenForge.now + 123)
    }

    /// What cannot be read must not count as absent: the token would be judged by another time.
    @Test(arguments: [#""yesterday""#, "{}", "[]", "-1", "1e300", "true"])
    func aTimeOfAuthenticationThatCannotBeReadIsRefusedWhereItCounts(text: String) async throws {
        #expect(code(try await verify(["auth_time": text]) { $0.usesAuthenticationTime = true }) == .malformed)
        #expect(code(try await verify(["auth_time": text])) == nil)
    }

    /// A cut-off reaches as far as an issuer's clock may be ahead, and no further.
    @Test(arguments: [0, 2_000, 30_000] as [Int64], ["iat", "auth_time"])
    func aTokenFromTheFutureIsRefused(lead: Int64, claim: String) async throws {
        for (ahead, expected) in [(0, nil), (1, .notYetValid)] as [(Int64, TokenRejection.Code?)] {
            let time = "\((TokenForge.now + lead + ahead) / 1_000).00\((lead + ahead) % 1_000)"
            var claims = ["iat": "\(TokenForge.seconds)", "exp": "\(TokenForge.seconds + 3_600)"]
            claims[claim] = time
            let result = try await verify(claims) {
                $0.lead = .milliseconds(lead)
                $0.usesAuthenticationTime = true
            }
            #expect(code(result) == expected, "\(time)")
        }
    }

    /// By the time that it has aged its revocation may have ended.
    @Test(arguments: [0, 1, 100_000, 10_000_000] as [Int64])
    func aTokenThatLivesForTooLongIsRefusedForGood(age: Int64) async throws {
        let (issued, expiry) = (TokenForge.seconds, TokenForge.seconds + 86_401 + age)
        for now in [TokenForge.now, TokenForge.now + 86_400_000, (expiry - 1) * 1_000] {
            let result = try await verify(["iat": "\(issued)", "exp": "\(expiry)"], now: now) {
                $0.lifetime = .seconds(86_400)
            }
            #expect(code(result) == .tooLongLived)
            // Otherwise the denylist's terms decide: another process may mint for longer than this one.
            #expect(code(try await verify(["iat": "\(issued)", "exp": "\(expiry)"], now: now)) == nil)
        }
        let longest = try await verify(["iat": "\(issued)", "exp": "\(issued + 86_400)"]) {
            $0.lifetime = .seconds(86_400)
        }
        #expect(code(longest) == nil)
    }

    @Test func aLifetimeOfItsIssuerBoundsAToken() async throws {
        for (lifetime, expected) in [(60, nil), (59, .tooLongLived)] as [(Int, TokenRejection.Code?)] {
            let result = try await verify(["iat": "\(TokenForge.seconds)"]) { $0.lifetime = .seconds(lifetime) }
            #expect(code(result) == expected)
        }
        // Where the token does not say when it was issued, what is kept for no longer cannot be configured away.
        for (lifetime, expected) in [(86_402, nil), (86_403, .tooLongLived)] as [(Int64, TokenRejection.Code?)] {
            let result = try await verify(["iat": nil, "exp": "\(TokenForge.seconds + lifetime)"]) {
                $0.lifetime = .seconds(1_000_000)
            }
            #expect(code(result) == expected)
        }
    }

    @Test func aTokenThatDoesNotSayWhenItWasIssuedNeedsALifetimeOfItsIssuer() async throws {
        #expect(code(try await verify(["iat": nil])) == .withoutIssueTime)
        for (lifetime, expected) in [(58, nil), (57, .tooLongLived)] as [(Int, TokenRejection.Code?)] {
            let result = try await verify(["iat": nil]) { $0.lifetime = .seconds(lifetime) }
            #expect(code(result) == expected)
        }
        let claims = try await verify(["iat": nil]) { $0.lifetime = .seconds(60) }.get()
        #expect(claims.logInTime == nil)
    }
}
