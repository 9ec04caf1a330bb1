import Contract
import Hummingbird
import RevocationHTTP

/// `POST /logout`: revokes the token that is presented, access or refresh, and its session. An expired token may do so too:
/// its session may still live in others. The denylist is only written here, never asked, so that a log-out can be repeated.
struct LogoutRoute: Sendable {
    let verifier: TokenVerifier
    let revoking: Revoking
    let cookies: SessionCookies?
    let realm: String

    private struct Answer: Encodable {
        let revoked: Bool
        /// Why nothing was to be revoked.
        var reason: String?
    }

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let claims = try await claims(of: request)
        let isRevoked = try await revoking.end(claims, logger: context.logger)
        var response = try Response.json(
            isRevoked ? Answer(revoked: true) : Answer(revoked: false, reason: "the token has already expired"))
        cookies?.clear(in: &response)
        return response
    }

    /// A browser sends both cookies, or the refresh token's only, once the other has expired: each names the session.
    private func claims(of request: Request) async throws(Refusal) -> TokenClaims {
        let bearer = BearerToken(request.headers)
        let cookie = cookies.map { _ in
            [SessionCookies.refresh, SessionCookies.access].map { BearerToken(request.headers, cookie: $0) }
                .first { $0 != .missing } ?? .missing
        }
        switch bearer == .missing ? cookie ?? .missing : bearer {
        case .missing: throw Refusal.unauthenticated(realm: realm)
        case .malformed: throw Refusal.malformedCredentials(realm: realm)
        case .present(let token):
            do throws(TokenRejection) {
                return try await verifier.verify(token, kinds: [.access, .refresh], acceptingExpired: true)
            } catch {
                throw Refusal(error, realm: realm)
            }
        }
    }
}
