package import Contract
package import Revocation
package import RevocationHTTP

/// What a node asks of a denylist beside checks. ``Revocation/RevocationList`` is one.
package protocol NodeDenylist: RevocationChecking {
    /// When a token of a new log-in is to say that it was issued.
    func issueTime(for token: TokenClaims) async throws(UnknownCause) -> Int64

    /// Whether a scope is revoked itself.
    func verdict(of scope: Scope, issuer: String?) async -> Verdict

    /// Exchanges a refresh token.
    func rotate(_ token: TokenClaims) async throws(RevocationError) -> RotationOutcome

    /// Revokes one thing, named without a token.
    @discardableResult
    func revoke(
        _ request: RevocationRequest, reason: Reason, issuer: String?
    ) async throws(RevocationError) -> Acknowledgement

    /// Ends all connections.
    func close() async
}

extension NodeDenylist {
    /// For a denylist without connections.
    package func close() async {}
}

extension RevocationList: NodeDenylist {}
