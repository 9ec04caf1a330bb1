import Contract
import Foundation
import Testing

@testable import RevocationHTTP

/// Tokens of other uses than to open a resource, and issuers that do not set `at+jwt`.
@Suite struct TokenProfileTests {
    private let forge = TokenForge()

    private func verifier(
        _ change: (inout TrustedIssuer) -> Void = { _ in }, now: Int64 = TokenForge.now
    ) async throws -> TokenVerifier {
        var issuer = TrustedIssuer(name: "us", audience: "shop", keys: try await forge.keys())
        change(&issuer)
        return TokenVerifier(issuers: [issuer], clock: WallClock { now })
    }

    private func code(
        header: [String: String?] = [:], claims: [String: String?] = [:], now: Int64 = TokenForge.now,
        _ change: (inout TrustedIssuer) -> Void = { _ in }
    ) async throws -> TokenRejection.Code? {
        let token = try forge.token(header: header, claims: claims)
        let verifier = try await verifier(change, now: now)
        do throws(TokenRejection) { _ = try await verifier.verify(token) } catch { return error.code }
        return nil
    }

    @Test(arguments: ["JWT", "jwt", "application/JWT"])
    func aTypeOfItsIssuerIsAccepted(type: String) async throws {
        let header = ["typ": "\"\(type)\""]
        #expect(try await code(header: header) { $0.types = ["at+jwt", "jwt"] } == nil)
        #expect(try await code(header: header) { $0.types = ["none"] } == .wrongType)
        #expect(try await code(header: ["typ": nil]) { $0.types = ["none"] } == nil)
        #expect(try await code(header: ["typ": nil]) { $0.types = ["jwt"] } == .wrongType)
        #expect(try await code(header: ["typ": #""rt+jwt""#]) { $0.types = ["at+jwt", "jwt", "none"] } == .wrongType)
    }

    /// RFC 8417 §4.5: a log-out token or a security event of the same issuer opens nothing.
    @Test func anEventIsNoAccessToken() async throws {
        let events = ["events": #"{"http://schemas.openid.net/event/backchannel-logout":{}}"#]
        #expect(try await code(header: ["typ": #""JWT""#], claims: events) { $0.types = ["jwt"] } == .wrongType)
        #expect(try await code(header: ["typ": nil], claims: events) { $0.types = ["none"] } == .wrongType)
    }

    @Test(
        arguments: [
            (#""access""#, nil), (#""id""#, .wrongType), (nil, .wrongType), ("1", .wrongType),
            (#"["access"]"#, .wrongType),
        ] as [(String?, TokenRejection.Code?)])
    func aRequiredClaimHasItsValue(value: String?, expected: TokenRejection.Code?) async throws {
        let code = try await code(claims: ["token_use": value]) { $0.requiredClaims = ["token_use": "access"] }
        #expect(code == expected)
    }

    @Test(
        arguments: [
            (#""shop""#, nil), (#"["till","x"]"#, nil), (#""bank""#, .wrongAudience), (nil, .wrongAudience),
        ] as [(String?, TokenRejection.Code?)])
    func oneOfTheAudiencesIsNamed(audience: String?, expected: TokenRejection.Code?) async throws {
        #expect(try await code(claims: ["aud": audience]) { $0.audiences = ["shop", "till"] } == expected)
    }

    /// Without an audience the client says for whom a token is. One that names an audience is for that one.
    @Test(
        arguments: [
            (nil, #""app""#, nil), (nil, #""other""#, .wrongAudience), (nil, nil, .wrongAudience),
            (#""shop""#, #""app""#, .wrongAudience), ("[]", #""app""#, .wrongAudience),
        ] as [(String?, String?, TokenRejection.Code?)])
    func theClientMayStandForTheAudience(
        audience: String?, client: String?, expected: TokenRejection.Code?
    ) async throws {
        let code = try await code(claims: ["aud": audience, "client_id": client]) {
            $0.audiences = []
            $0.clients = ["web", "app"]
        }
        #expect(code == expected)
    }

    @Test func theAuthorizedPartyIsTheClient() async throws {
        func client(_ claims: [String: String?], names: [String]? = nil) async throws -> String? {
            let verifier = try await verifier { if let names { $0.claimNames.clients = names } }
            return try await verifier.verify(try forge.token(claims: claims)).client
        }
        #expect(try await client(["client_id": nil, "azp": #""app""#]) == "app")
        #expect(try await client(["azp": #""app""#]) == "app")
        #expect(try await client(["azp": #""other""#], names: ["client_id"]) == "app")
        #expect(try await client(["appid": #""third""#], names: ["appid"]) == "third")
        // Revoking either must revoke the token, so it may not have two.
        #expect(try await code(claims: ["azp": #""other""#]) == .unusableClaims)
        let both = try forge.token(claims: ["azp": #""other""#])
        #expect(throws: TokenRejection.self) { try TokenClaims(unverified: both) }
    }

    @Test func identifiersComeFromTheConfiguredClaims() async throws {
        let verifier = try await verifier {
            $0.claimNames.subject = "oid"
            $0.claimNames.session = "origin_jti"
            $0.claimNames.token = "uti"
        }
        let claims = ["oid": #""bob""#, "origin_jti": #""o-1""#, "uti": #""u-1""#, "jti": "7", "sub": "8"]
        let verified = try await verifier.verify(try forge.token(claims: claims))
        #expect(verified.subject == "bob" && verified.session == "o-1" && verified.identifier == "u-1")
        let without = try await verifier.verify(try forge.token())
        #expect(without.subject == nil && without.session == nil && without.identifier == nil)
        let genuine = try await verifier.genuine(try forge.token(claims: claims))
        let denylist = RecordingDenylist(.clear)
        _ = try await genuine.revoke(on: denylist, reason: .logout)
        #expect(denylist.revoked.map(\.identifier) == ["u-1"] && denylist.revoked.map(\.session) == ["o-1"])
    }

    // MARK: Messages

    private struct Events: Decodable {
        let events: [String: [String: String]]
    }

    private func message(
        header: [String: String?] = [:], claims: [String: String?] = [:], now: Int64 = TokenForge.now,
        needsExpiry: Bool = true, maximumAge: Duration? = .seconds(120)
    ) async throws -> Result<VerifiedToken, TokenRejection> {
        var profile = TokenProfile(types: ["logout+jwt", "jwt"], audiences: ["app"])
        profile.forbiddenClaims = ["nonce"]
        profile.times = .message(needsExpiry: needsExpiry, maximumAge: maximumAge)
        let token = try forge.token(
            header: ["typ": #""logout+jwt""#].merging(header) { $1 },
            claims: ["aud": #""app""#, "events": #"{"e":{}}"#].merging(claims) { $1 })
        let verifier = try await verifier(now: now)
        do throws(TokenRejection) { return .success(try await verifier.verify(token) { _ in profile }) } catch {
            return .failure(error)
        }
    }

    @Test func aMessageGivesItsClaims() async throws {
        let token = try await message().get()
        #expect(token.issuer.name == "us" && token.key == "key-1")
        #expect(token.payload.session == "s-1" && token.payload.subject == "alice")
        #expect(try token.decode(Events.self).events == ["e": [:]])
        #expect(throws: TokenRejection.self) { try token.decode([String: Int].self) }
    }

    @Test(
        arguments: [
            (["typ": #""at+jwt""#], [:], .wrongType), (["typ": nil], [:], .wrongType), (["typ": #""JWT""#], [:], nil),
            ([:], ["nonce": #""n""#], .wrongType), ([:], ["nonce": "null"], .wrongType),
            ([:], ["aud": #""shop""#], .wrongAudience), ([:], ["exp": nil], .withoutExpiry),
            ([:], ["iat": nil], .withoutIssueTime), ([:], ["iat": "\(TokenForge.seconds + 3)"], .notYetValid),
            ([:], ["iat": "\(TokenForge.seconds - 120)"], nil), ([:], ["iat": "\(TokenForge.seconds - 121)"], .expired),
            ([:], ["exp": "\(TokenForge.seconds)"], .expired),
            ([:], ["nbf": "\(TokenForge.seconds + 1)"], .notYetValid),
            ([:], ["iss": #""them""#], .wrongIssuer), (["alg": #""none""#], [:], .wrongAlgorithm),
            (["crit": #"["b64"]"#], [:], .unsupportedExtension), (["kid": #""x""#], [:], .unknownKey),
        ] as [([String: String?], [String: String?], TokenRejection.Code?)])
    func aMessageIsJudgedByItsProfile(
        header: [String: String?], claims: [String: String?], expected: TokenRejection.Code?
    ) async throws {
        let result = try await message(header: header, claims: claims)
        if case .failure(let error) = result { #expect(error.code == expected) } else { #expect(expected == nil) }
    }

    /// RFC 8417 §2.2: an event has no expiry, and may be delivered long after it happened.
    @Test func anEventMayBeOld() async throws {
        let old = ["exp": nil, "iat": "\(TokenForge.seconds - 10 * 86_400)"]
        _ = try await message(claims: old, needsExpiry: false, maximumAge: nil).get()
        let expired = try await message(claims: ["exp": "1"], needsExpiry: false, maximumAge: nil)
        #expect(throws: TokenRejection.self) { try expired.get() }
    }

    @Test func anIssuerWithoutAProfileSendsNone() async throws {
        let token = try forge.token()
        let verifier = try await verifier()
        let rejection = await #expect(throws: TokenRejection.self) { try await verifier.verify(token) { _ in nil } }
        #expect(rejection?.code == .wrongIssuer)
    }
}
