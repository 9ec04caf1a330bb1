import Contract

/// What must be written to revoke a token.
struct RevocationPlan: Sendable {
    /// Empty if the token has expired so long ago that nobody accepts it.
    private(set) var entries: [RevocationEntry] = []

    /// - Parameter now: Unix milliseconds.
    /// - Throws: ``RevocationError/Code/unrevocableToken`` if the token lacks what a scope needs; nothing of it is written.
    init(
        _ token: TokenClaims, reason: Reason, scopes: Set<Scope.Kind>, configuration: RevocationConfiguration,
        now: Int64
    ) throws(RevocationError) {
        guard !scopes.isEmpty else {
            throw RevocationError(.invalidConfiguration, "no scope was given: revoke by token, by session or both")
        }
        for scope in scopes where scope.isCutOff {
            throw RevocationError(
                .invalidConfiguration,
                "a token is revoked by token or session; \(scope.word) is revoked by a cut-off, which this version cannot write"
            )
        }
        if scopes.contains(.token) {
            guard let identifier = token.identifier, !identifier.isEmpty else {
                throw RevocationError(.unrevocableToken, "the token has no jti: revoke its session instead")
            }
            guard let expiresAt = token.expiresAt else {
                throw RevocationError(
                    .unrevocableToken, "the token has no exp: how long to keep its revocation is unknown")
            }
            if let secondsToLive = Lifetime.secondsToLive(expiresAt: expiresAt, now: now) {
                try add(.token(identifier), reason, secondsToLive, configuration.namespace)
            }
        }
        if scopes.contains(.session) {
            guard let session = token.session, !session.isEmpty else {
                throw RevocationError(.unrevocableToken, "the token has no sid: revoke it by token instead")
            }
            let margin = Duration.milliseconds(Limits.marginMilliseconds)
            try add(
                .session(session), reason, (configuration.longestRefreshLifetime + margin).secondsRoundedUp,
                configuration.namespace)
        }
    }

    private mutating func add(
        _ scope: Scope, _ reason: Reason, _ secondsToLive: Int64, _ namespace: Namespace
    ) throws(RevocationError) {
        do throws(ContractError) {
            let key = try namespace.key(for: scope)
            entries.append(RevocationEntry(key: key, value: reason.text, secondsToLive: secondsToLive))
        } catch {
            throw RevocationError(.unrevocableToken, error.message, cause: error)
        }
    }
}

extension Duration {
    fileprivate var secondsRoundedUp: Int64 {
        components.attoseconds > 0 ? components.seconds + 1 : components.seconds
    }
}
