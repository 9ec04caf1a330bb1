import Contract
import Crypto
import Foundation
import RevocationHTTP
import Testing

@Suite struct TokenVerifierTests {
    let forge = TokenForge()

    @Test func aGoodTokenGivesItsClaims() async throws {
        let claims = try await forge.verifier().verify(try forge.token())
        #expect(claims.kind == .access)
        #expect(claims.issuer == "us")
        #expect(claims.subject == "alice")
        #expect(claims.session == "s-1")
        #expect(claims.identifier == "t-1")
        #expect(claims.client == "app")
        #expect(claims.key == "key-1")
        #expect(claims.issuedAt == TokenForge.now + 123)
        #expect(claims.authenticatedAt == nil)
        #expect(claims.expiresAt == TokenForge.now + 60_000)
    }

    @Test(arguments: ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"])
    func theTypeIsAMediaType(type: String) async throws {
        _ = try await forge.verifier().verify(try forge.token(header: ["typ": "\"\(type)\""]))
    }

    @Test(
        arguments: [
            (["typ": #""JWT""#], .wrongType), (["typ": #""rt+jwt""#], .wrongType), (["typ": nil], .wrongType),
            (["alg": #""none""#], .wrongAlgorithm), (["alg": #""HS256""#], .wrongAlgorithm),
            (["alg": #""es256""#], .wrongAlgorithm), (["alg": nil], .wrongAlgorithm), (["alg": "256"], .malformed),
            (["kid": #""other""#], .unknownKey), (["kid": #""\u212Aey-1""#], .unknownKey), (["kid": "[]"], .malformed),
            (["crit": #"["exp"]"#], .unsupportedExtension), (["crit": "null"], .unsupportedExtension),
        ] as [([String: String?], TokenRejection.Code)])
    func aBadHeaderIsRefused(change: [String: String?], code: TokenRejection.Code) async throws {
        try await expect(code, try forge.token(header: change))
    }

    @Test(
        arguments: [
            (["iss": #""them""#], .wrongIssuer), (["iss": nil], .wrongIssuer), (["iss": #"["us"]"#], .malformed),
            (["aud": #""bank""#], .wrongAudience), (["aud": nil], .wrongAudience), (["aud": "[]"], .wrongAudience),
            (["aud": "7"], .unusableClaims),
            (["exp": nil], .withoutExpiry), (["exp": "null"], .withoutExpiry),
            (["exp": "\(TokenForge.seconds)"], .expired),
            (["exp": "0"], .expired),
            (["exp": "-1"], .unusableClaims), (["exp": "1e300"], .unusableClaims),
            (["exp": #""2100-01-01""#], .unusableClaims),
            (["iat": "\(TokenForge.seconds + 2).001"], .notYetValid), (["iat": "1e400"], .unusableClaims),
            (["iat": nil], .withoutIssueTime),
            (["nbf": "\(TokenForge.seconds + 1)"], .notYetValid), (["jti": "{}"], .unusableClaims),
            (["sub": "1"], .unusableClaims),
        ] as [([String: String?], TokenRejection.Code)])
    func badClaimsAreRefused(change: [String: String?], code: TokenRejection.Code) async throws {
        try await expect(code, try forge.token(claims: change))
    }

    /// Some parsers take the first, some the last: a revocation and a check must not look at different ones.
    @Test(arguments: [
        (#""jti":"a","#, ""), (#""jt\u0069":"a","#, ""), (#""iss":"them","#, ""), (#""exp":1,"#, ""),
        (#""nested":{"a":[{"b":1,"b":1}]},"#, ""), ("", #""alg":"none","#), ("", #""kid":"other","#),
    ])
    func aNameThatIsThereTwiceIsRefused(inClaims: String, inHeader: String) async throws {
        let header = "{" + inHeader + forge.header().dropFirst()
        let claims = "{" + inClaims + forge.claims().dropFirst()
        try await expect(.malformed, try forge.sign(header, claims))
    }

    @Test func aKeyWithoutANameVerifiesTokensThatNameNone() async throws {
        let unnamed = forge.jwk.replacing("\"kid\":\"key-1\",", with: "")
        let keys = try await VerificationKeys(jwks: Data("{\"keys\":[\(unnamed)]}".utf8))
        let verifier = TokenVerifier(
            keys: keys, issuer: "us", audience: "shop", clock: WallClock { TokenForge.now })
        _ = try await verifier.verify(try forge.token(header: ["kid": nil]))
        await #expect(throws: TokenRejection.self) { try await verifier.verify(try forge.token()) }
        // Which of several is meant is unknown.
        let other = TokenForge().jwk.replacing("\"kid\":\"key-1\",", with: "")
        let two = TokenVerifier(
            keys: try await VerificationKeys(jwks: Data("{\"keys\":[\(unnamed),\(other)]}".utf8)), issuer: "us",
            audience: "shop", clock: WallClock { TokenForge.now })
        await #expect(throws: TokenRejection.self) { try await two.verify(try forge.token(header: ["kid": nil])) }
    }

    /// RFC 7517 §4.5: keys of different types may share a kid. One must not take the whole issuer down.
    @Test func keysThatShareANameAreToldApartByTheirAlgorithm() async throws {
        let edwards = Base64URL.encode(Curve25519.Signing.PrivateKey().publicKey.rawRepresentation)
        let other = #"{"kty":"OKP","crv":"Ed25519","kid":"key-1","x":"\#(edwards)"}"#
        let keys = try await VerificationKeys(jwks: Data("{\"keys\":[\(other),\(forge.jwk)]}".utf8))
        let verifier = TokenVerifier(
            keys: keys, issuer: "us", audience: "shop", clock: WallClock { TokenForge.now })
        _ = try await verifier.verify(try forge.token())
        let stranger = try TokenForge().token()
        await #expect(throws: TokenRejection.self) { try await verifier.verify(stranger) }
    }

    @Test func oneOfSeveralAudiencesIsEnough() async throws {
        _ = try await forge.verifier().verify(try forge.token(claims: ["aud": #"["bank","shop"]"#]))
    }

    @Test(arguments: ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "%%.%%.%%", "====", "e30.e30.e30="])
    func whatIsNoTokenIsRefused(text: String) async throws {
        try await expect(.malformed, text)
    }

    @Test func aHeaderOfInvalidUTF8IsRefused() async throws {
        let header = Base64URL.encode([UInt8(ascii: "{"), 0xFF, 0xFE, UInt8(ascii: "}")])
        try await expect(.malformed, header + ".e30.e30")
    }

    @Test func deeplyNestedJSONIsRefused() async throws {
        let header = Base64URL.encode(String(repeating: "[", count: 5000).utf8)
        try await expect(.malformed, header + ".e30.e30")
    }

    @Test func anotherKeysSignatureIsRefused() async throws {
        let foreign = try forge.sign(forge.header(), forge.claims(), with: P256.Signing.PrivateKey())
        try await expect(.badSignature, foreign)
    }

    @Test func changedClaimsAreRefused() async throws {
        var segments = try forge.token().split(separator: ".").map(String.init)
        segments[1] = Base64URL.encode(forge.claims(["sub": #""mallory""#]).utf8)
        try await expect(.badSignature, segments.joined(separator: "."))
    }

    @Test func anUnsignedTokenIsRefused() async throws {
        let header = Base64URL.encode(forge.header(["alg": #""none""#]).utf8)
        try await expect(.wrongAlgorithm, header + "." + Base64URL.encode(forge.claims().utf8) + ".")
    }

    /// The public key taken for an HMAC secret (algorithm confusion).
    @Test func theHeaderDoesNotChooseTheAlgorithm() async throws {
        let input =
            Base64URL.encode(forge.header(["alg": #""HS256""#]).utf8) + "." + Base64URL.encode(forge.claims().utf8)
        let secret = SymmetricKey(data: Data(forge.key.publicKey.pemRepresentation.utf8))
        let code = HMAC<SHA256>.authenticationCode(for: Data(input.utf8), using: secret)
        try await expect(.wrongAlgorithm, input + "." + Base64URL.encode(code))
    }

    @Test func anOversizedTokenIsRefused() async throws {
        let filler = "\"" + String(repeating: "a", count: TokenVerifier.maximumTokenBytes) + "\""
        try await expect(.oversized, try forge.token(claims: ["filler": filler]))
    }

    @Test func anExpiredTokenIsAcceptedWithinTheLeeway() async throws {
        let token = try forge.token()
        let late = TokenForge.now + 60_000 + 29_999
        let lenient = try await forge.verifier(leeway: .seconds(30), now: late)
        _ = try await lenient.verify(token)
        let tooLate = try await forge.verifier(leeway: .seconds(30), now: late + 1)
        await #expect(throws: TokenRejection.self) { try await tooLate.verify(token) }
    }

    /// A wrong clock here is none elsewhere, and an expired token may have a session that goes on.
    @Test(
        arguments: [
            ["exp": "0"], ["exp": nil], ["exp": "\(TokenForge.seconds + 400 * 86_400)"], ["iat": nil],
            ["iat": "\(TokenForge.seconds + 3_600)"], ["nbf": "\(TokenForge.seconds + 3_600)"],
            ["auth_time": #""yesterday""#],
        ] as [[String: String?]])
    func whateverItsTimesATokenCanBeEnded(change: [String: String?]) async throws {
        let denylist = RecordingDenylist(.clear)
        let token = try await forge.verifier().genuine(try forge.token(claims: change))
        #expect(token.wasIssued(to: "app"))
        _ = try await token.revoke(on: denylist, reason: .logout)
        #expect(denylist.revoked.map(\.identifier) == ["t-1"])
        #expect(denylist.revoked.map(\.session) == ["s-1"])
    }

    /// Whether no server accepts a token, or only this verifier refuses it. An issuer's types, claims and
    /// algorithms are configured, and may be otherwise elsewhere.
    @Test(
        arguments: [
            ([:], ["iss": #""them""#], .wrongIssuer, false), ([:], ["aud": #""bank""#], .wrongAudience, false),
            ([:], ["jti": "{}"], .unusableClaims, false), (["typ": #""JWT""#], [:], .wrongType, false),
            (["crit": "[]"], [:], .unsupportedExtension, true), (["kid": #""other""#], [:], .keysUnavailable, false),
            (["kid": #""other""#], ["exp": "\(TokenForge.seconds - 2 * 86_400)"], .unknownKey, true),
            (["alg": #""none""#], [:], .wrongAlgorithm, true), (["alg": #""RS256""#], [:], .wrongAlgorithm, false),
            (["alg": #""HS256""#], [:], .wrongAlgorithm, true), ([:], ["azp": #""web""#], .unusableClaims, false),
            ([:], ["iss": "{}"], .malformed, true),
        ] as [([String: String?], [String: String?], TokenRejection.Code, Bool)])
    func whatIsNotGenuineIsNotEnded(
        header: [String: String?], claims: [String: String?], code: TokenRejection.Code, isFinal: Bool
    ) async throws {
        let token = try forge.token(header: header, claims: claims)
        let rejection = await #expect(throws: TokenRejection.self) { try await forge.verifier().genuine(token) }
        #expect(rejection?.code == code)
        #expect(rejection?.isFinal == isFinal)
    }

    /// A forged token is refused for good if its `kid` names one key, and no other can have taken its name elsewhere.
    @Test func aWrongSignatureIsFinalOnlyUnderAThumbprint() async throws {
        for (kid, code) in [
            (forge.kid, .keysUnavailable), (try await forge.thumbprint(), .badSignature),
        ] as [(String, TokenRejection.Code)] {
            let named = TokenForge(key: forge.key, kid: kid)
            let foreign = try named.sign(named.header(), named.claims(), with: P256.Signing.PrivateKey())
            let forged = await #expect(throws: TokenRejection.self) { try await named.verifier().genuine(foreign) }
            #expect(forged?.code == code && forged?.isFinal == (code == .badSignature))
            #expect(try await named.verifier().verify(try named.token()).subject == "alice")
        }
    }

    /// Names that look alike are others: the Kelvin sign is no K.
    @Test func namesAreComparedByteForByte() async throws {
        let forge = TokenForge(kid: "Key-1")
        let verifier = TokenVerifier(
            keys: try await forge.keys(), issuer: "Kus", audience: "Kshop", clock: WallClock { TokenForge.now })
        func code(
            _ claims: [String: String?] = [:], header: [String: String?] = [:]
        ) async throws -> TokenRejection.Code? {
            let claims = ["iss": #""Kus""#, "aud": #""Kshop""#].merging(claims) { $1 }
            let token = try forge.token(header: header, claims: claims)
            do throws(TokenRejection) { _ = try await verifier.verify(token) } catch { return error.code }
            return nil
        }
        #expect(try await code() == nil)
        #expect(try await code(["iss": #""\u212Aus""#]) == .wrongIssuer)
        #expect(try await code(["aud": #""\u212Ashop""#]) == .wrongAudience)
        #expect(try await code(header: ["kid": #""\u212Aey-1""#]) == .unknownKey)
    }

    /// WireContract.md, *Checking*: rounded to the nearest millisecond; a whole second is its start.
    @Test(
        arguments: [
            ("1800000000", 1_800_000_000_000), ("1800000000.123", 1_800_000_000_123),
            ("1800000000.1234", 1_800_000_000_123), ("1800000000.1236", 1_800_000_000_124),
            ("1800000000.999", 1_800_000_000_999), ("1.8e9", 1_800_000_000_000), ("1800000002", 1_800_000_002_000),
            ("1797408060", 1_797_408_060_000),
        ] as [(String, Int64)])
    func issuedAtKeepsItsMilliseconds(text: String, milliseconds: Int64) async throws {
        let claims = try await forge.verifier().verify(try forge.token(claims: ["iat": text]))
        #expect(claims.issuedAt == milliseconds)
    }

    private func expect(_ code: TokenRejection.Code, _ token: String) async throws {
        let verifier = try await forge.verifier()
        let rejection = await #expect(throws: TokenRejection.self) { try await verifier.verify(token) }
        #expect(rejection?.code == code)
    }
}
