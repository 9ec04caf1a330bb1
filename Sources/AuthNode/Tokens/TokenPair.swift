import HTTPTypes
import Hummingbird

/// The tokens from a log-in or a refresh.
struct TokenPair: Sendable {
    let access: String
    let refresh: String
    /// In seconds.
    let accessLifetime: Int64
    /// In seconds.
    let refreshLifetime: Int64

    /// The answer (RFC 6749 §5.1). With cookies, a browser's scripts see no token.
    func response(cookies: SessionCookies?) throws -> Response {
        var response = try Response.json(
            Answer(
                access: cookies == nil ? access : nil, refresh: cookies == nil ? refresh : nil,
                type: cookies == nil ? "Bearer" : "Cookie", lifetime: accessLifetime))
        cookies?.set(self, in: &response)
        return response
    }

    private struct Answer: Encodable {
        let access: String?
        let refresh: String?
        let type: String
        let lifetime: Int64

        private enum CodingKeys: String, CodingKey {
            case access = "access_token"
            case refresh = "refresh_token"
            case type = "token_type"
            case lifetime = "expires_in"
        }
    }
}
