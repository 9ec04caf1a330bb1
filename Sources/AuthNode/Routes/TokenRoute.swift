import Hummingbird
import RevocationHTTP

/// `POST /oauth2/token` with `grant_type=refresh_token` (RFC 6749 §6): `/refresh` as OAuth's libraries ask for it.
/// Tokens are in bodies, whatever holds those of `/login`: cookies are not read here. Only `/login` takes passwords
/// (RFC 9700 §2.4).
struct TokenRoute: Sendable {
    let clients: Clients
    let refresh: RefreshRoute

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let fields = try await BodyFields(of: request)
        let client = try clients.identify(request.headers, fields)
        guard try fields.required("grant_type") == "refresh_token" else {
            throw Refusal(
                .badRequest, code: "unsupported_grant_type", message: "the only grant_type here is refresh_token")
        }
        let token = try fields.required("refresh_token")
        return try await refresh.exchange(token, of: client, request, context).response(cookies: nil)
    }
}
