import Contract
import Hummingbird
import RevocationHTTP

/// `GET /me`: who the bearer of the token is. Stands behind ``RevocationHTTP/RevocationMiddleware``.
struct MeRoute: Sendable {
    private struct Answer: Encodable {
        let sub: String?
        let client_id: String?
        /// Unix milliseconds.
        let issued_at: Int64?
        let expires_at: Int64?
    }

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let claims = context.tokenClaims
        return try .json(
            Answer(
                sub: claims?.subject, client_id: claims?.client, issued_at: claims?.issuedAt,
                expires_at: claims?.expiresAt))
    }
}
