import Contract
import HTTPTypes
import Hummingbird
import Logging
import Revocation
import RevocationHTTP

/// `POST /logout`: revokes the token that is presented, and its session. An expired token may do so too: its session may
/// still live in others. The denylist is only written here, never asked, so that a log-out can be repeated.
struct LogoutRoute: Sendable {
    let verifier: AccessTokenVerifier
    let denylist: any RevocationChecking
    let realm: String

    private struct Answer: Encodable {
        let revoked: Bool
        /// Why nothing was to be revoked.
        var reason: String?
    }

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let claims = try genuineClaims(of: request)
        let scopes = Set(claims.scopes.map(\.kind)).intersection([.token, .session])
        guard !scopes.isEmpty else { throw Self.unrevocable("the token has neither jti nor sid") }
        let acknowledgement: Acknowledgement
        do {
            acknowledgement = try await denylist.revoke(claims, reason: .logout, scopes: scopes)
        } catch  where error.code == .unrevocableToken {
            throw Self.unrevocable(error.message)
        } catch {
            context.logger.warning("a log-out was not acknowledged", metadata: ["code": "\(error.code.rawValue)"])
            throw Refusal.unavailable("the token is NOT revoked, try again: \(error.message)")
        }
        switch acknowledgement {
        case .revoked: return try .json(Answer(revoked: true))
        case .revokedOnTooFewReplicas:
            throw Refusal.unavailable("the token is revoked, but too few replicas know it: try again")
        case .alreadyExpired: return try .json(Answer(revoked: false, reason: "the token has already expired"))
        }
    }

    private func genuineClaims(of request: Request) throws(Refusal) -> TokenClaims {
        switch BearerToken(request.headers) {
        case .missing: throw Refusal.unauthenticated(realm: realm)
        case .malformed: throw Refusal.malformedCredentials(realm: realm)
        case .present(let token):
            do {
                return try verifier.verify(token, acceptingExpired: true)
            } catch {
                throw Refusal.invalidToken(error.message, realm: realm)
            }
        }
    }

    private static func unrevocable(_ cause: String) -> Refusal {
        Refusal(.badRequest, code: "invalid_request", message: "the token is NOT revoked: \(cause)")
    }
}
