public import Contract
public import Revocation

/// The operations of a denylist that a server needs. ``Revocation/RevocationList`` has them; a test may bring its own.
public protocol RevocationChecking: Sendable {
    /// The verdict on a verified token.
    func verdict(for token: TokenClaims) async -> Verdict

    /// Whether a verified token may pass, with the policy applied if its state is unknown.
    func admission(of token: TokenClaims, policy: FailurePolicy) async -> Admission

    /// Revokes some scopes of a token. Returns once the store has acknowledged every write.
    @discardableResult
    func revoke(
        _ token: TokenClaims, reason: Reason, scopes: Set<Scope.Kind>
    ) async throws(RevocationError) -> Acknowledgement

    /// Whether checks can be answered now.
    func readiness() async -> Readiness
}

extension RevocationChecking {
    /// For a denylist without a cache: an unproven token is denied, unless the policy admits it.
    public func admission(of token: TokenClaims, policy: FailurePolicy) async -> Admission {
        switch await verdict(for: token) {
        case .clear: .admitted(.proven)
        case .revoked(let reason): .revoked(reason)
        case .unknown(let cause): policy == .allow ? .admitted(.allowed) : .refused(cause)
        }
    }
}

extension RevocationList: RevocationChecking {}
