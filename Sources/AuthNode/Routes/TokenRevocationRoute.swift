import Hummingbird
import RevocationHTTP

/// `POST /oauth2/revoke` (RFC 7009): a client ends a token that was issued to it, and its session, so that access and
/// refresh token go together (§2.1), whatever its times say.
///
/// 200 says that nobody accepts the token any more; so it is the answer to what nobody ever does, too (§2.2). What was
/// issued to another client, or could pass elsewhere, is an error.
struct TokenRevocationRoute: Sendable {
    let clients: Clients
    let verifier: TokenVerifier
    let revoking: Revoking

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let fields = try await BodyFields(of: request)
        let client = try clients.authenticate(request.headers, fields)
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

    /// - Returns: nil for what is nobody's token.
    private func genuine(_ token: String) async throws(Refusal) -> GenuineToken? {
        do throws(TokenRejection) { return try await verifier.genuine(token) } catch {
            if error.isFinal { return nil }
            guard error.code == .keysUnavailable else { throw Revoking.unrevocable(error.message) }
            throw .unavailable("the token is NOT revoked, try again: \(error.message)")
        }
    }
}
