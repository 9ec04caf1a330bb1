import Contract
import Hummingbird
import RevocationHTTP

/// `GET /me`: the bearer of the token. ``RevocationHTTP/RevocationMiddleware`` runs before it.
struct MeRoute: Sendable {
    private struct Answer: Encodable {
        let sub: String?
        let client: String?
        /// Unix milliseconds.
        let issuedAt: Int64?
        /// Unix milliseconds.
        let expiresAt: Int64?

        private enum CodingKeys: String, CodingKey {
            case sub
            case client = "client_id"
            case issuedAt = "issued_at"
            case expiresAt = "expires_at"
        }
    }

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let claims = context.tokenClaims
        return try .json(
            Answer(
                sub: claims?.subject, client: claims?.client, issuedAt: claims?.issuedAt,
                expiresAt: claims?.expiresAt))
    }
}
