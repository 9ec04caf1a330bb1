import Contract
import HTTPTypes
import Hummingbird
import Revocation
import RevocationHTTP

/// `/auth` for a gateway that asks before it forwards (Gateways.md). It answers 200 with the claims that go upstream,
/// 401, 403 or 503, because gateways understand no other status. Any method and any path below it is answered, because
/// some gateways send the client's own (``NodeResponder``).
struct ForwardAuthRoute: Sendable {
    static let path = "/auth"

    let gate: TokenGate
    let policy: FailurePolicy
    let headers: UpstreamHeaders
    /// How long a gateway may keep a 200 for a bearer token.
    let cacheLifetime: Duration
    /// Refuses pages of other origins; nil if no cookie holds a token.
    let sameOrigin: SameOrigin?
    let clock: WallClock
    let realm: String

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let comesInCookie = comesInCookie(request.headers)
        if comesInCookie { try demandSameOrigin(request.head, context) }
        let claims: TokenClaims
        do throws(Refusal) { claims = try await gate.admit(request.headers, policy: policy) } catch {
            guard error.status == .badRequest else { throw error }
            throw Refusal.invalidToken("more than one token was presented, or none", realm: realm)
        }
        let cookie = sameOrigin.map { _ in SessionCookies.access }
        var fields = headers.fields(
            claims, of: BearerToken(request.headers, cookie: cookie).texts.first ?? "")
        // The answer for a cookie depends on who asks and for what, which no gateway's cache knows.
        let seconds = comesInCookie ? 0 : secondsToKeep(claims)
        // With `must-revalidate` a shared cache may keep what a credential was sent for (RFC 9111 §3.5).
        fields[.cacheControl] = seconds > 0 ? "max-age=\(seconds), must-revalidate" : "no-store"
        if seconds > 0 { fields[.vary] = "Authorization, Cookie" }
        return Response(status: .ok, headers: fields)
    }

    /// A browser sends cookies for any page. Only the page's own script can send a bearer token.
    private func comesInCookie(_ headers: HTTPFields) -> Bool {
        sameOrigin != nil && BearerToken(headers) == .missing
            && BearerToken(headers, cookie: SessionCookies.access) != .missing
    }

    /// A safe request without `Origin` passes: a link leads anywhere. Scripts and WebSockets send one with a GET.
    private func demandSameOrigin(_ head: HTTPRequest, _ context: NodeContext) throws(Refusal) {
        guard let sameOrigin else { return }
        let isSafe = OriginalRequest(head, context: context, proxies: sameOrigin.proxies).isSafe
        if !isSafe || head.headerFields[.origin] != nil { try sameOrigin.demand(head, context) }
    }

    /// No longer than the token lives.
    private func secondsToKeep(_ claims: TokenClaims) -> Int64 {
        guard let expiresAt = claims.expiresAt else { return 0 }
        return max(0, min(cacheLifetime.components.seconds, (expiresAt - clock.now) / 1000))
    }
}
