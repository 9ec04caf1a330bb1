import Hummingbird
import RevocationHTTP

/// `POST /oauth2/revoke` (RFC 7009): a client revokes a token that was issued to it, and its session. So access and
/// refresh token end together (§2.1), whatever their times are. A public client only names itself: anyone with the
/// token could log out.
///
/// 200 says that no server accepts the token any more. So it is also the answer to a token that none ever accepts
/// (§2.2). A token of another client, or one that another server may accept, is an error.
struct TokenRevocationRoute: Sendable {
    let clients: Clients
    let verifier: TokenVerifier
    let revoking: Revoking

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let fields = try await BodyFields(of: request)
        let client = try clients.identify(request.headers, fields)
        if let token = try await genuine(try fields.required("token")) {
            guard token.wasIssued(to: client) else {
                throw Refusal(
                    .badRequest, code: "invalid_grant",
                    message: "the token is NOT revoked: it was not issued to this client")
            }
            _ = try await revoking.end(token, logger: context.logger)
        }
        return Response(status: .ok, headers: [.cacheControl: "no-store"])
    }

    /// - Returns: nil for a token that no server accepts.
    private func genuine(_ token: String) async throws(Refusal) -> GenuineToken? {
        do throws(TokenRejection) { return try await verifier.genuine(token) } catch {
            if error.isFinal { return nil }
            guard error.code == .keysUnavailable else { throw Revoking.unrevocable(error.message) }
            throw .unavailable("the token is NOT revoked, try again: \(error.message)")
        }
    }
}
