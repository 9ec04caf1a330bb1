public import Contract
public import Revocation

/// A token that its issuer has signed for us, whatever its times say (``TokenVerifier/genuine(_:)``): good for being
/// ended, and for nothing else. So its claims cannot be had, and no route can let anybody in by it.
public struct GenuineToken: Sendable {
    private let claims: TokenClaims

    init(_ claims: TokenClaims) {
        self.claims = claims
    }

    /// Whether it was issued to the client of that name, byte for byte.
    public func wasIssued(to client: String) -> Bool {
        claims.client?.isExactly(client) == true
    }

    /// Ends it, and its session with every other token of that.
    /// - Throws: ``Revocation/RevocationError``: it is then not known to be revoked.
    public func revoke(
        on denylist: any RevocationChecking, reason: Reason
    ) async throws(RevocationError) -> Acknowledgement {
        var scopes = Set(claims.scopes.map(\.kind)).intersection([.token, .session])
        // Nobody accepts a token without expiry, and its session covers it.
        if claims.expiresAt == nil, scopes.contains(.session) { scopes = [.session] }
        guard !scopes.isEmpty else { throw RevocationError(.unrevocableToken, "it has neither jti nor sid") }
        return try await denylist.revoke(claims, reason: reason, scopes: scopes)
    }
}
