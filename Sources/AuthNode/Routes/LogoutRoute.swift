import Contract
import Hummingbird
import RevocationHTTP

/// `POST /logout`: revokes every token presented, access or refresh, and its session, whatever its times are. The
/// session of an expired token may have others that live. The denylist is only written here, never read: a log-out can
/// be repeated.
///
/// A bearer token and a browser's two cookies may belong to three sessions: every genuine token is revoked. A token
/// that no node accepts does not prevent that, and such cookies are cleared. A token that another node may accept, or
/// this one later, is an error, and cookies stay: a user who is told of the log-out must be logged out.
struct LogoutRoute: Sendable {
    let verifier: TokenVerifier
    let revoking: Revoking
    let cookies: SessionCookies?
    let realm: String

    private struct Answer: Encodable {
        let revoked: Bool
        /// Why there was nothing to revoke.
        var reason: String?
    }

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        var genuine: [GenuineToken] = []
        /// The refusal of a token that no node accepts, and of one that another node may accept.
        var (refusal, unsettled): (Refusal?, Refusal?)
        let bearer = BearerToken(request.headers)
        if bearer == .malformed { unsettled = .malformedCredentials(realm: realm) }
        for token in bearer.texts + cookieTexts(request) {
            do throws(TokenRejection) { genuine.append(try await verifier.genuine(token)) } catch {
                if error.isFinal {
                    refusal = refusal ?? Refusal(error, realm: realm)
                } else {
                    unsettled = unsettled ?? Refusal(error, realm: realm)
                }
            }
        }
        var isRevoked = false
        for token in genuine where try await revoking.end(token, logger: context.logger) { isRevoked = true }
        if let unsettled { throw unsettled }
        guard !genuine.isEmpty else { throw cleared(refusal ?? .unauthenticated(realm: realm)) }
        var response = try Response.json(
            isRevoked ? Answer(revoked: true) : Answer(revoked: false, reason: "the token has already expired"))
        cookies?.clear(in: &response)
        return response
    }

    private func cookieTexts(_ request: Request) -> [String] {
        guard cookies != nil else { return [] }
        return [SessionCookies.refresh, SessionCookies.access].flatMap {
            BearerToken.cookies(request.headers, name: $0).map { String($0) }
        }
    }

    /// Cookies that no node accepts are of no use to the browser either.
    private func cleared(_ refusal: Refusal) -> Refusal {
        guard let cookies else { return refusal }
        var headers = refusal.headers
        cookies.clear(in: &headers)
        return Refusal(refusal.status, code: refusal.code, message: refusal.message, headers: headers)
    }
}
