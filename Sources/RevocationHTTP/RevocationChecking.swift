public import Contract
public import Revocation

/// What a server asks of a denylist. ``Revocation/RevocationList`` is one; a test may bring its own.
public protocol RevocationChecking: Sendable {
    /// What is known of a verified token.
    func verdict(for token: TokenClaims) async -> Verdict

    /// Revokes the named scopes of a token; returns once the store has acknowledged every write.
    @discardableResult
    func revoke(
        _ token: TokenClaims, reason: Reason, scopes: Set<Scope.Kind>
    ) async throws(RevocationError) -> Acknowledgement

    /// Whether checks can be answered now.
    func readiness() async -> Readiness
}

extension RevocationList: RevocationChecking {}
