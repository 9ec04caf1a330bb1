import Contract
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import RevocationHTTP
import Testing

@Suite struct RevocationMiddlewareTests {
    private struct Context: TokenRequestContext {
        var coreContext: CoreRequestContextStorage
        var tokenClaims: TokenClaims?
        init(source: Source) { coreContext = .init(source: source) }
    }

    let forge = TokenForge()

    @Test func aClearTokenPassesWithItsClaims() async throws {
        let denylist = RecordingDenylist(.clear)
        let answer = try await ask(denylist, ["Bearer \(try forge.token())"])
        #expect(answer.status == .ok)
        #expect(String(buffer: answer.body) == "alice")
        #expect(denylist.lookups == 1)
    }

    @Test func theSchemeIsReadWithoutRegardToCase() async throws {
        let answer = try await ask(RecordingDenylist(.clear), ["bEARER   \(try forge.token())"])
        #expect(answer.status == .ok)
    }

    @Test func aRevokedTokenIsRefusedWithoutItsReason() async throws {
        let reason = Reason(stored: "rotated:1:successor\r\nX: y".utf8)
        let answer = try await ask(RecordingDenylist(.revoked(reason)), ["Bearer \(try forge.token())"])
        #expect(answer.status == .unauthorized)
        #expect(
            answer.headers[.wwwAuthenticate]
                == #"Bearer realm="revoked", error="invalid_token", error_description="the token has been revoked""#)
        #expect(!String(buffer: answer.body).contains("successor"))
    }

    /// Another token of the same log-in would be refused just so: the application has to ask for credentials (RFC
    /// 9470).
    @Test(arguments: [Scope.Kind.subject, .client, .all])
    func aTokenThatACutOffRefusesNeedsFreshCredentials(kind: Scope.Kind) async throws {
        let answer = try await ask(RecordingDenylist(.revoked(Reason(cutOff: kind))), ["Bearer \(try forge.token())"])
        #expect(answer.status == .unauthorized)
        #expect(
            answer.headers[.wwwAuthenticate]
                == #"Bearer realm="revoked", error="insufficient_user_authentication", max_age=0, "#
                + #"error_description="the user has to log in again""#)
        #expect(String(buffer: answer.body).contains(#""error":"insufficient_user_authentication""#))
    }

    /// Who may write reasons must not be able to send users to log in.
    @Test func aReasonThatReadsLikeACutOffIsAReason() async throws {
        let reason = Reason(stored: Reason(cutOff: .subject).text.utf8)
        let answer = try await ask(RecordingDenylist(.revoked(reason)), ["Bearer \(try forge.token())"])
        #expect(answer.headers[.wwwAuthenticate]?.contains(#"error="invalid_token""#) == true)
    }

    @Test(arguments: UnknownCause.Code.allCases.filter { $0 != .tooLongLived })
    func aTokenOfWhichNothingIsKnownIsDenied(code: UnknownCause.Code) async throws {
        let denylist = RecordingDenylist(.unknown(UnknownCause(code, "the store is away")))
        let answer = try await ask(denylist, ["Bearer \(try forge.token())"])
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.headers[.retryAfter] == "1")
        #expect(String(buffer: answer.body).contains("the store is away"))
        #expect(answer.headers[.wwwAuthenticate] == nil)
    }

    /// No store will ever know of it: it is refused for good.
    @Test func aTokenThatOutlivesItsRevocationIsRefused() async throws {
        let denylist = RecordingDenylist(.unknown(UnknownCause(.tooLongLived, "too long")))
        let answer = try await ask(denylist, ["Bearer \(try forge.token())"])
        #expect(answer.status == .unauthorized)
        #expect(answer.headers[.wwwAuthenticate]?.contains(#"error="invalid_token""#) == true)
    }

    @Test(arguments: [[], ["Basic YTpi"], [""]])
    func withoutABearerTokenTheChallengeIsBare(headers: [String]) async throws {
        let denylist = RecordingDenylist(.clear)
        let answer = try await ask(denylist, headers)
        #expect(answer.status == .unauthorized)
        #expect(answer.headers[.wwwAuthenticate] == #"Bearer realm="revoked""#)
        #expect(denylist.lookups == 0)
    }

    @Test(arguments: [
        ["Bearer"], ["Bearer "], ["Bearer a b"], ["Bearer a,b"], ["Bearer =a"], ["Bearer ="], ["Bearer é"],
        ["Bearer a", "Bearer b"], ["Basic YTpi", "Bearer a"],
    ])
    func malformedCredentialsAreABadRequest(headers: [String]) async throws {
        let denylist = RecordingDenylist(.clear)
        let answer = try await ask(denylist, headers)
        #expect(answer.status == .badRequest)
        #expect(answer.headers[.wwwAuthenticate]?.contains(#"error="invalid_request""#) == true)
        #expect(denylist.lookups == 0)
    }

    @Test func nothingIsLookedUpForATokenThatDoesNotVerify() async throws {
        let denylist = RecordingDenylist(.clear)
        let bad = [
            "garbage", try forge.token(header: ["alg": #""none""#]), try forge.token(claims: ["exp": "1"]),
            try TokenForge().token(), try forge.token(claims: ["iss": #""them""#]),
        ]
        for token in bad {
            let answer = try await ask(denylist, ["Bearer \(token)"])
            #expect(answer.status == .unauthorized)
            #expect(answer.headers[.wwwAuthenticate]?.contains(#"error="invalid_token""#) == true)
        }
        #expect(denylist.lookups == 0)
    }

    private func ask(_ denylist: RecordingDenylist, _ authorization: [String]) async throws -> TestResponse {
        let router = Router(context: Context.self)
        router.add(
            middleware: RevocationMiddleware(TokenGate(verifier: try await forge.verifier(), denylist: denylist)))
        router.get("me") { _, context in context.tokenClaims?.subject ?? "" }
        var headers = HTTPFields()
        for value in authorization { headers.append(HTTPField(name: .authorization, value: value)) }
        return try await Application(router: router).test(.router) { [headers] client in
            try await client.execute(uri: "/me", method: .get, headers: headers)
        }
    }
}
