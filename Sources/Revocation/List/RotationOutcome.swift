public import Contract

/// The outcome of presenting a refresh token.
public enum RotationOutcome: Sendable {
    /// It was exchanged: hand out a pair.
    case rotated(Successor)
    /// It was exchanged moments ago, within the grace: hand out a pair with the same successor, so that a family never
    /// forks.
    case repeated(Successor)
    /// It was exchanged before: it, or its successor, was stolen. The session has been revoked.
    case reused
    /// It, or a scope that it falls under, is revoked.
    case revoked(Reason)
    /// Nothing could be proven, or not everything was written: no pair, whatever the failure policy (503). The same
    /// token may be presented again.
    case unknown(UnknownCause)

    /// The claims of the new pair.
    public struct Successor: Sendable, Equatable {
        /// The `jti` of the new refresh token. The access token has one of its own.
        public let identifier: String
        /// The `iat` of both, in Unix milliseconds on the store's clock.
        public let issuedAt: Int64
        /// The `auth_time` of both: the log-in time of the token that was exchanged, unchanged. Whatever cut-off ends
        /// that one ends the pair, whenever it is set.
        public let authenticatedAt: Int64

        /// For denylists in tests.
        package init(identifier: String, issuedAt: Int64, authenticatedAt: Int64) {
            self.identifier = identifier
            self.issuedAt = issuedAt
            self.authenticatedAt = authenticatedAt
        }
    }
}
