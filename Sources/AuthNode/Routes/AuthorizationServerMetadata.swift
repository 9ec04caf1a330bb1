import Foundation

/// What OAuth's libraries read of a node (RFC 8414 §2): where its endpoints are, and what they take.
struct AuthorizationServerMetadata: Encodable {
    let issuer: String
    let tokenEndpoint: String
    let revocationEndpoint: String
    let introspectionEndpoint: String
    /// Of draft-parecki-oauth-global-token-revocation; nil if no provider may end our tokens by it.
    let globalRevocationEndpoint: String?
    let keys: String
    /// None: there is no authorization endpoint.
    let responseTypes: [String] = []
    let grantTypes = ["refresh_token"]
    let tokenAuthentication = ["none", "client_secret_basic", "client_secret_post"]
    let revocationAuthentication = ["none", "client_secret_basic", "client_secret_post"]
    let introspectionAuthentication = ["client_secret_basic", "client_secret_post"]

    private enum CodingKeys: String, CodingKey {
        case issuer
        case tokenEndpoint = "token_endpoint"
        case revocationEndpoint = "revocation_endpoint"
        case introspectionEndpoint = "introspection_endpoint"
        case globalRevocationEndpoint = "global_token_revocation_endpoint"
        case keys = "jwks_uri"
        case responseTypes = "response_types_supported"
        case grantTypes = "grant_types_supported"
        case tokenAuthentication = "token_endpoint_auth_methods_supported"
        case revocationAuthentication = "revocation_endpoint_auth_methods_supported"
        case introspectionAuthentication = "introspection_endpoint_auth_methods_supported"
    }

    /// The well-known path stands before that of the issuer (§3.1).
    let path: String

    /// - Parameters:
    ///   - issuer: our own. The endpoints are below it, not below the host of a request, which any client can make up.
    ///   - revokesGlobally: whether a provider may end all tokens of one of our users.
    /// - Returns: nil unless the issuer is a URL that clients can use (§2).
    init?(issuer: String, revokesGlobally: Bool = false) {
        guard let url = URLComponents(string: issuer), let host = url.host, !host.isEmpty, url.query == nil,
            url.fragment == nil, url.user == nil,
            url.scheme == "https" || url.scheme == "http" && ["localhost", "127.0.0.1", "[::1]"].contains(host)
        else { return nil }
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        self.issuer = issuer
        tokenEndpoint = base + "/oauth2/token"
        revocationEndpoint = base + "/oauth2/revoke"
        introspectionEndpoint = base + "/oauth2/introspect"
        globalRevocationEndpoint = revokesGlobally ? base + GlobalRevocationRoute.path : nil
        keys = base + "/.well-known/jwks.json"
        path =
            "/.well-known/oauth-authorization-server"
            + (url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path)
    }
}
