public import Contract
public import Revocation

/// A token that a trusted issuer has signed for us, whatever its times are (``TokenVerifier/genuine(_:)``). It can only
/// be revoked: its claims are private, so no route can admit a request with it.
public struct GenuineToken: Sendable {
    private let claims: TokenClaims

    init(_ claims: TokenClaims) {
        self.claims = claims
    }

    /// Whether it was issued to the client with this name, byte for byte.
    public func wasIssued(to client: String) -> Bool {
        claims.client?.isExactly(client) == true
    }

    /// Revokes it and its session, with all other tokens of the session.
    /// - Throws: ``Revocation/RevocationError``: it is then not known to be revoked.
    public func revoke(
        on denylist: any RevocationChecking, reason: Reason
    ) async throws(RevocationError) -> Acknowledgement {
        var scopes = Set(claims.scopes.map(\.kind)).intersection([.token, .session])
        // No server accepts a token without expiry, and its session covers it.
        if claims.expiresAt == nil, scopes.contains(.session) { scopes = [.session] }
        guard !scopes.isEmpty else { throw RevocationError(.unrevocableToken, "it has neither jti nor sid") }
        return try await denylist.revoke(claims, reason: reason, scopes: scopes)
    }
}
