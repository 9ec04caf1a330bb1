import Contract
import Hummingbird
import RevocationHTTP

/// `POST /oauth2/revoke` (RFC 7009): a client ends a token that was issued to it, and its session, so that access and
/// refresh token go together (§2.1); an expired but genuine one, too. 200 without effect for anything else.
struct TokenRevocationRoute: Sendable {
    let clients: Clients
    let verifier: TokenVerifier
    let revoking: Revoking

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let fields = try await BodyFields(of: request)
        let client = try clients.authenticate(request.headers, fields)
        let token = try fields.required("token")
        if let claims = try await claims(of: token), claims.client == client {
            _ = try await revoking.end(claims, logger: context.logger)
        }
        return Response(status: .ok, headers: [.cacheControl: "no-store"])
    }

    /// - Returns: nil for what is no token of ours (§2.2: nothing is left to do for it).
    private func claims(of token: String) async throws(Refusal) -> TokenClaims? {
        do throws(TokenRejection) {
            return try await verifier.verify(token, kinds: [.access, .refresh], acceptingExpired: true)
        } catch {
            guard error.code == .keysUnavailable else { return nil }
            throw .unavailable("the token is NOT revoked, try again: \(error.message)")
        }
    }
}
