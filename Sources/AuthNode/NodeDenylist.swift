package import Contract
package import Revocation
package import RevocationHTTP

/// The operations of a denylist that a node needs besides checks. ``Revocation/RevocationList`` has them.
package protocol NodeDenylist: RevocationChecking {
    /// The time of issue for a token of a new log-in.
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

    /// How long tokens of an issuer live at most, and how long the store keeps a revocation at most.
    func lifetimes(of issuer: String) async throws(UnknownCause) -> RevocationLifetimes

    /// Reads the files for TLS with the store anew.
    func reload() async

    /// Ends all connections.
    func close() async
}

extension NodeDenylist {
    /// For a denylist without connections.
    package func close() async {}
    package func reload() async {}
    package func lifetimes(of issuer: String) async throws(UnknownCause) -> RevocationLifetimes {
        RevocationLifetimes(token: Limits.maximumLifetimeMilliseconds, revocation: Lifetime.longestToLive * 1_000)
    }
}

extension RevocationList: NodeDenylist {}
