import Contract
import Hummingbird
import RevocationHTTP

/// `POST /logout`: revokes the token that is presented, access or refresh, and its session. An expired token may do so too:
/// its session may still live in others. The denylist is only written here, never asked, so that a log-out can be repeated.
///
/// Of a browser's two cookies whatever is genuine is revoked; both are cleared then, and also if neither is.
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
        let presented = presented(request)
        var genuine: [TokenClaims] = []
        var refusal: Refusal?
        for token in presented {
            do throws(Refusal) { genuine.append(try await claims(of: token)) } catch {
                // Nothing is known of it: it could be good. Whoever is told that the log-out is done must be logged out.
                if error.status == .serviceUnavailable { throw error }
                refusal = refusal ?? error
            }
        }
        guard !genuine.isEmpty else { throw cleared(refusal ?? .unauthenticated(realm: realm)) }
        var isRevoked = false
        for claims in genuine where try await revoking.end(claims, logger: context.logger) { isRevoked = true }
        var response = try Response.json(
            isRevoked ? Answer(revoked: true) : Answer(revoked: false, reason: "the token has already expired"))
        cookies?.clear(in: &response)
        return response
    }

    /// The bearer token, or the tokens of the cookies.
    private func presented(_ request: Request) -> [BearerToken] {
        let bearer = BearerToken(request.headers)
        guard bearer == .missing, cookies != nil else { return bearer == .missing ? [] : [bearer] }
        return [SessionCookies.refresh, SessionCookies.access].map { BearerToken(request.headers, cookie: $0) }
            .filter { $0 != .missing }
    }

    private func claims(of token: BearerToken) async throws(Refusal) -> TokenClaims {
        switch token {
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

    /// Cookies that no node accepts are of no use to the browser either.
    private func cleared(_ refusal: Refusal) -> Refusal {
        guard let cookies else { return refusal }
        var headers = refusal.headers
        cookies.clear(in: &headers)
        return Refusal(refusal.status, code: refusal.code, message: refusal.message, headers: headers)
    }
}
