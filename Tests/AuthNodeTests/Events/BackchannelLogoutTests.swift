import Contract
import Crypto
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Revocation
import TestSupport
import Testing

@testable import AuthNode

/// OpenID Connect Back-Channel Logout 1.0 §2.4–2.8, rule by rule.
@Suite struct BackchannelLogoutTests {
    private let stage = EventStage()

    /// Whether a token is refused for good, and ends nothing.
    private func isRefused(_ token: String) async throws -> Bool {
        try await stage.node().test { client in
            let answer = try await client.sendLogout(token)
            #expect(try answer.errorCode() == "invalid_request")
            #expect(answer.headers[.retryAfter] == nil)
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(try await client.me(try stage.accessToken()).status == .ok)
            return answer.status == .badRequest
        }
    }

    // MARK: §2.4, the token

    @Test(arguments: ["iss", "aud", "iat", "exp", "jti", "events"])
    func aRequiredClaimIsRequired(name: String) async throws {
        #expect(try await isRefused(try stage.logoutToken([name: Absent()])))
    }

    @Test func eventsHaveTheLogOutMember() async throws {
        for events: any Sendable in [JSONObject(), ["http://schemas.openid.net/event/other": JSONObject()], "x", [1]] {
            #expect(try await isRefused(try stage.logoutToken(["events": events])))
        }
    }

    @Test func theLogOutMemberIsAnObject() async throws {
        for value: any Sendable in ["", 1, true, [Int]()] {
            #expect(try await isRefused(try stage.logoutToken(["events": [LogoutClaims.event: value]])))
        }
    }

    @Test func theLogOutMemberMayHaveMembersThatMeanNothing() async throws {
        try await stage.node().test { client in
            let token = try stage.logoutToken(["events": [LogoutClaims.event: ["a": 1], "urn:other": 1] as JSONObject])
            #expect(try await client.sendLogout(token).status == .ok)
        }
    }

    @Test func aSubjectOrASessionIsNamed() async throws {
        #expect(try await isRefused(try stage.logoutToken(["sid": Absent()])))
        #expect(try await isRefused(try stage.logoutToken(["sid": ""])))
        #expect(try await isRefused(try stage.logoutToken(["sid": 5])))
    }

    @Test func aNonceIsProhibited() async throws {
        #expect(try await isRefused(try stage.logoutToken(["nonce": "n"])))
    }

    @Test func otherClaimsAreIgnored() async throws {
        try await stage.node().test { client in
            let answer = try await client.sendLogout(try stage.logoutToken(["color": ["red": 1]]))
            #expect(answer.status == .ok)
        }
    }

    @Test func itIsSigned() async throws {
        let signed = try stage.logoutToken()
        let unsigned = signed.split(separator: ".")[..<2].joined(separator: ".") + "."
        #expect(try await isRefused(unsigned))
        let none = try stage.token(type: "logout+jwt", claims: stage.logoutClaims(), header: ["alg": "none"])
        #expect(try await isRefused(none))
        #expect(try await isRefused(none.split(separator: ".")[..<2].joined(separator: ".") + "."))
    }

    /// `logout+jwt` is recommended, no type is usual.
    @Test(arguments: ["logout+jwt", "application/logout+jwt", "JWT", nil])
    func itHasATypeOfItsOwnOrNone(type: String?) async throws {
        try await stage.node().test { client in
            let answer = try await client.sendLogout(try stage.logoutToken(type: type))
            #expect(answer.status == .ok)
        }
    }

    @Test(arguments: ["at+jwt", "rt+jwt", "secevent+jwt", "global-token-revocation+jwt"])
    func aTokenOfAnotherUseIsNone(type: String) async throws {
        #expect(try await isRefused(try stage.logoutToken(type: type)))
    }

    /// Nor is a log-out token an access token.
    @Test func itOpensNothing() async throws {
        try await stage.node().test { client in
            for type in ["logout+jwt", "at+jwt", "JWT"] {
                let token = try stage.logoutToken(["aud": "shop", "sub": "alice"], type: type)
                #expect(try await client.me(token).status == (type == "at+jwt" ? .ok : .unauthorized))
            }
        }
    }

    // MARK: §2.5, the request

    @Test func theBodyIsAForm() async throws {
        try await stage.node().test { client in
            let token = try stage.logoutToken()
            let json = try await client.post(
                "/backchannel-logout", #"{"logout_token":"\#(token)"}"#, [.contentType: "application/json"])
            #expect(json.status == .badRequest)
            #expect(try await client.post("/backchannel-logout?logout_token=\(token)", "").status == .badRequest)
            let empty = try await client.post(
                "/backchannel-logout", "", [.contentType: "application/x-www-form-urlencoded"])
            #expect(empty.status == .badRequest)
            #expect(try await client.me(try stage.accessToken()).status == .ok)
            let get = try await client.execute(uri: "/backchannel-logout?logout_token=\(token)", method: .get)
            #expect(get.status == .methodNotAllowed)
        }
    }

    @Test func otherParametersAreIgnored() async throws {
        try await stage.node().test { client in
            let body = "a=1&logout_token=\(try stage.logoutToken())&b=2"
            let answer = try await client.post(
                "/backchannel-logout", body,
                [.contentType: "application/x-www-form-urlencoded; charset=UTF-8"])
            #expect(answer.status == .ok)
        }
    }

    @Test func aTokenThatIsSentTwiceInABodyIsNone() async throws {
        try await stage.node().test { client in
            let token = try stage.logoutToken()
            #expect(try await client.sendLogout("\(token)&logout_token=\(token)").status == .badRequest)
        }
    }

    // MARK: §2.6, validation

    @Test func theSignatureIsTheIssuers() async throws {
        let claims = stage.logoutClaims()
        #expect(
            try await isRefused(try stage.token(type: "logout+jwt", claims: claims, key: P256.Signing.PrivateKey())))
        for header: [String: String?] in [["alg": "HS256"], ["alg": "RS256"], ["kid": "other"]] {
            #expect(try await isRefused(try stage.token(type: "logout+jwt", claims: claims, header: header)))
        }
        // The issuer has one key of this algorithm, so a token need not name it.
        try await stage.node().test { client in
            let unnamed = try stage.token(type: "logout+jwt", claims: claims, header: ["kid": nil])
            #expect(try await client.sendLogout(unnamed).status == .ok)
        }
    }

    @Test func theIssuerIsAConfiguredOne() async throws {
        for issuer in ["https://evil.example", "revoked", EventStage.issuer + "/", ""] {
            #expect(try await isRefused(try stage.logoutToken(["iss": issuer])))
        }
    }

    @Test func theAudienceIsOurClient() async throws {
        for audience: any Sendable in ["shop", [String](), ["a", "b"], 1] {
            #expect(try await isRefused(try stage.logoutToken(["aud": audience])))
        }
        try await stage.node().test { client in
            let token = try stage.logoutToken(["aud": ["another", EventStage.audience]])
            #expect(try await client.sendLogout(token).status == .ok)
        }
    }

    @Test func itsTimesAreThoseOfNow() async throws {
        #expect(try await isRefused(try stage.logoutToken(["exp": EventStage.seconds - 1])))
        #expect(try await isRefused(try stage.logoutToken(["iat": EventStage.seconds + 10])))
        #expect(try await isRefused(try stage.logoutToken(["nbf": EventStage.seconds + 10])))
        let month = 31 * 86_400 as Int64
        #expect(try await isRefused(try stage.logoutToken(["iat": EventStage.seconds - month])))
        for time: any Sendable in ["now", -1, 1e300] {
            #expect(try await isRefused(try stage.logoutToken(["iat": time])))
        }
    }

    @Test func aClockThatIsAheadIsAllowedFor() async throws {
        try await stage.node(#""lead":20"#).test { client in
            let answer = try await client.sendLogout(try stage.logoutToken(["iat": EventStage.seconds + 20]))
            #expect(answer.status == .ok)
        }
    }

    @Test func aTokenIsUsedOnce() async throws {
        let node = try await stage.node()
        try await node.test { client in
            let token = try stage.logoutToken(["sid": Absent(), "sub": "alice"])
            #expect(try await client.sendLogout(token).status == .ok)
            node.clock.wall += 10_000
            let later = try stage.accessToken(issuedAt: EventStage.seconds + 9)
            #expect(try await client.me(later).status == .ok)
            let answer = try await client.sendLogout(token)
            #expect(answer.status == .badRequest)
            #expect(try answer.errorCode() == "invalid_request")
            // Whoever has copied the token does not log the user out again.
            #expect(try await client.me(later).status == .ok)
            node.clock.wall += 3_600_000
            #expect(try await client.sendLogout(token).status == .badRequest)
        }
    }

    /// A `jti` is its issuer's: another token of it, of whatever use, may have it too.
    @Test func anAccessTokenOfTheSameNameGoesOn() async throws {
        try await stage.node().test { client in
            let answer = try await client.sendLogout(try stage.logoutToken(["jti": "t"]))
            #expect(answer.status == .ok)
            #expect(try await client.me(try stage.accessToken(session: "s-2", identifier: "t")).status == .ok)
        }
    }

    @Test func aKeyThatIsRevokedLogsNobodyOut() async throws {
        let node = try await stage.node()
        try await node.test { client in
            _ = try await node.denylist.revoke(.key("k"), reason: .compromised, issuer: EventStage.issuer)
            #expect(try await client.sendLogout(try stage.logoutToken()).status == .badRequest)
        }
    }

    @Test func aProviderThatMayNotLogOutDoesNot() async throws {
        try await stage.node(#""accepts":["events"]"#).test { client in
            let answer = try await client.sendLogout(try stage.logoutToken())
            #expect(answer.status == .badRequest)
        }
    }

    // MARK: §2.7, what it does

    @Test func aSessionEndsAndNoOther() async throws {
        let node = try await stage.node()
        try await node.test { client in
            let (ended, other) = (try stage.accessToken(), try stage.accessToken(session: "s-2"))
            #expect(try await client.me(ended).status == .ok)
            #expect(try await client.sendLogout(try stage.logoutToken(["sub": "alice"])).status == .ok)
            #expect(try await client.me(ended).status == .unauthorized)
            let auth = try await client.execute(uri: "/auth", method: .get, headers: bearer(ended))
            #expect(auth.status == .unauthorized)
            // Not even for a user: the session sets no cut-off.
            #expect(try await client.me(other).status == .ok)
            node.clock.wall += 5_000
            let refreshed = try stage.accessToken(identifier: "t-2", issuedAt: EventStage.seconds + 4)
            #expect(try await client.me(refreshed).status == .unauthorized)
        }
    }

    @Test func allSessionsOfASubjectEnd() async throws {
        let node = try await stage.node()
        try await node.test { client in
            let tokens = try ["s-1", "s-2", nil].map { try stage.accessToken(session: $0) }
            let (bob, own) = (try stage.accessToken("bob", session: "s-3"), try await client.token())
            let token = try stage.logoutToken(["sid": Absent(), "sub": "alice"])
            #expect(try await client.sendLogout(token).status == .ok)
            for token in tokens { #expect(try await client.me(token).status == .unauthorized) }
            #expect(try await client.me(bob).status == .ok)
            // Our own users may have the same names.
            #expect(try await client.me(own).status == .ok)
            node.clock.wall += 5_000
            #expect(try await client.me(try stage.accessToken(issuedAt: EventStage.seconds + 4)).status == .ok)
        }
    }

    /// Tokens without a session end only with their subject.
    @Test func aSessionThatTokensNeedNotNameEndsWithItsUser() async throws {
        try await stage.node(namesSessions: false).test { client in
            let tokens = try [nil, "s-1"].map { try stage.accessToken(session: $0) }
            let bob = try stage.accessToken("bob", session: "s-3")
            let logout = try stage.logoutToken(["sub": "alice"])
            #expect(try await client.sendLogout(logout).status == .ok)
            for token in tokens { #expect(try await client.me(token).status == .unauthorized) }
            #expect(try await client.me(bob).status == .ok)
            #expect(try await client.sendLogout(logout).status == .badRequest)
        }
    }

    /// What may end no token is not acknowledged.
    @Test func aSessionThatTokensNeedNotNameIsRefusedAlone() async throws {
        try await stage.node(namesSessions: false).test { client in
            let answer = try await client.sendLogout(try stage.logoutToken())
            #expect(answer.status == .badRequest)
            #expect(try await client.me(try stage.accessToken()).status == .unauthorized)
            #expect(try await client.me(try stage.accessToken(session: nil)).status == .ok)
        }
        try await stage.node(#""subjects":["email"]"#, namesSessions: false).test { client in
            let answer = try await client.sendLogout(try stage.logoutToken(["sub": "alice"]))
            #expect(answer.status == .badRequest)
            #expect(try await client.me(try stage.accessToken()).status == .unauthorized)
        }
    }

    @Test func aSubjectThatTokensDoNotHaveIsRefused() async throws {
        try await stage.node(#""subjects":["email"]"#).test { client in
            let token = try stage.logoutToken(["sid": Absent(), "sub": "alice"])
            #expect(try await client.sendLogout(token).status == .badRequest)
            #expect(try await client.sendLogout(try stage.logoutToken()).status == .ok)
        }
    }

    /// Nobody who is logged out already makes the request fail.
    @Test func anUnknownSessionIsLoggedOut() async throws {
        try await stage.node().test { client in
            for identifier in ["l-1", "l-2"] {
                let answer = try await client.sendLogout(
                    try stage.logoutToken(["jti": identifier, "sid": "never seen"]))
                #expect(answer.status == .ok)
            }
        }
    }

    // MARK: §2.8, the answer

    @Test func successIs200WithoutABody() async throws {
        try await stage.node().test { client in
            let answer = try await client.sendLogout(try stage.logoutToken())
            #expect(answer.status == .ok)
            #expect(answer.body.readableBytes == 0)
            #expect(answer.headers[.cacheControl] == "no-store")
        }
    }

    @Test func whileTheStoreIsAwayItIs400AndTheTokenStaysGood() async throws {
        let node = try await stage.node()
        try await node.test { client in
            let token = try stage.logoutToken()
            node.denylist.isAway = true
            let answer = try await client.sendLogout(token)
            #expect(answer.status == .badRequest)
            #expect(answer.headers[.retryAfter] == "1")
            #expect(answer.headers[.contentType]?.hasPrefix("application/json") == true)
            #expect(try answer.errorCode() == "temporarily_unavailable")
            node.denylist.isAway = false
            #expect(try await client.sendLogout(token).status == .ok)
            #expect(try await client.me(try stage.accessToken()).status == .unauthorized)
        }
    }

    /// The store goes away before the log-out, or between it and the note that the token was used.
    @Test(arguments: [0, 1]) func aTokenIsUsedUpOnlyBySuccess(revocations: Int) async throws {
        let node = try await stage.node()
        try await node.test { client in
            let token = try stage.logoutToken()
            node.denylist.revocationsLeft = revocations
            let answer = try await client.sendLogout(token)
            #expect(answer.status == .badRequest)
            #expect(answer.headers[.retryAfter] == "1")
            node.denylist.revocationsLeft = nil
            #expect(try await client.sendLogout(token).status == .ok)
            #expect(try await client.sendLogout(token).status == .badRequest)
        }
    }

    // MARK: Bad input

    @Test(arguments: ["", "a", "a.b.c", "....", "%00", "é.é.é", String(repeating: "a.", count: 4_000)])
    func whatIsNoTokenIsRefused(text: String) async throws {
        try await stage.node().test { client in
            let answer = try await client.sendLogout(text)
            #expect(answer.status == .badRequest)
        }
    }

    @Test func whatIsTooLargeIsRefused() async throws {
        try await stage.node().test { client in
            #expect(try await client.sendLogout(String(repeating: "a", count: 70_000)).status == .contentTooLarge)
            let long = try stage.logoutToken(["sid": String(repeating: "s", count: 9_000)])
            #expect(try await client.sendLogout(long).status == .badRequest)
        }
    }

    @Test func withoutProvidersThereIsNoSuchPath() async throws {
        try await TestNode().test { client in
            let answer = try await client.sendLogout("a")
            #expect(answer.status == .notFound)
        }
    }
}
