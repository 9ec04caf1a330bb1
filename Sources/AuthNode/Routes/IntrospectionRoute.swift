import Contract
import Hummingbird
import RevocationHTTP

/// `POST /oauth2/introspect` (RFC 7662): whether a token is good now, and whose it is. While that is unknown it answers
/// 503, never `active: false`.
///
/// `token_type_hint` is only a hint: both kinds are found (§2.1). But a refresh token is shown only to its own client,
/// or to one that asks for refresh tokens (§2.2 lets a server choose). Another server, which was sent it as an access
/// token, must not accept it.
struct IntrospectionRoute: Sendable {
    let clients: Clients
    let verifier: TokenVerifier
    let denylist: any NodeDenylist

    private struct Answer: Encodable {
        var active = false
        var iss: String?
        var sub: String?
        var client: String?
        var sid: String?
        var jti: String?
        var type: String?
        /// Unix seconds.
        var iat: Int64?
        /// Unix seconds.
        var exp: Int64?
        /// Unix seconds (RFC 9470 §6.2).
        var authenticatedAt: Int64?

        private enum CodingKeys: String, CodingKey {
            case active, iss, sub, sid, jti, iat, exp
            case authenticatedAt = "auth_time"
            case client = "client_id"
            case type = "token_type"
        }

        static let inactive = Answer()

        private init() {}

        init(_ claims: TokenClaims) {
            active = true
            iss = claims.issuer
            sub = claims.subject
            client = claims.client
            sid = claims.session
            jti = claims.identifier
            type = claims.kind == .access ? "Bearer" : claims.kind.rawValue
            iat = claims.issuedAt.map { $0 / 1000 }
            exp = claims.expiresAt.map { $0 / 1000 }
            authenticatedAt = claims.authenticatedAt.map { $0 / 1000 }
        }
    }

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let fields = try await BodyFields(of: request)
        let client = try clients.authenticate(request.headers, fields)
        let token = try fields.required("token")
        let claims: TokenClaims
        do throws(TokenRejection) {
            claims = try await verifier.verify(token, kinds: [.access, .refresh])
        } catch {
            guard error.code == .keysUnavailable else { return try .json(Answer.inactive) }
            throw Refusal.unavailable(error.message)
        }
        guard
            claims.kind == .access || claims.client?.isExactly(client) == true
                || fields["token_type_hint"] == "refresh_token"
        else {
            return try .json(Answer.inactive)
        }
        switch await denylist.verdict(for: claims) {
        case .clear: return try .json(Answer(claims))
        case .revoked: return try .json(Answer.inactive)
        // Refused for good, whatever the denylist says.
        case .unknown(let cause) where cause.code == .tooLongLived: return try .json(Answer.inactive)
        case .unknown(let cause): throw Refusal.unavailable(cause.message)
        }
    }
}
