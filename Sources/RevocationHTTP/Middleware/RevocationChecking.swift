public import Contract
public import Revocation

/// What a server asks of a denylist. ``Revocation/RevocationList`` is one; a test may bring its own.
public protocol RevocationChecking: Sendable {
    /// What is known of a verified token.
    func verdict(for token: TokenClaims) async -> Verdict

    /// Whether a verified token may pass, and what the policy makes of knowing nothing.
    func admission(of token: TokenClaims, policy: FailurePolicy) async -> Admission

    /// Revokes the named scopes of a token; returns once the store has acknowledged every write.
    @discardableResult
    func revoke(
        _ token: TokenClaims, reason: Reason, scopes: Set<Scope.Kind>
    ) async throws(RevocationError) -> Acknowledgement

    /// Whether checks can be answered now.
    func readiness() async -> Readiness
}

extension RevocationChecking {
    /// For a denylist that keeps no answers: what is not proven is denied, unless the policy lets it pass.
    public func admission(of token: TokenClaims, policy: FailurePolicy) async -> Admission {
        switch await verdict(for: token) {
        case .clear: .admitted(.proven)
        case .revoked(let reason): .revoked(reason)
        case .unknown(let cause): policy == .allow ? .admitted(.allowed) : .refused(cause)
        }
    }
}

extension RevocationList: RevocationChecking {}
