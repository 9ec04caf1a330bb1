public import Contract

/// Turns a bearer token into verified claims, or refuses it.
public protocol TokenVerifying: Sendable {
    /// - Parameter kinds: the kinds expected: one kind at nearly every endpoint.
    /// - Throws: ``TokenRejection``. Does not look up the token in the denylist.
    func verify(_ token: String, kinds: Set<TokenClaims.Kind>) async throws(TokenRejection) -> TokenClaims
}

extension TokenVerifying {
    /// Verifies an access token.
    public func verify(_ token: String) async throws(TokenRejection) -> TokenClaims {
        try await verify(token, kinds: [.access])
    }
}
