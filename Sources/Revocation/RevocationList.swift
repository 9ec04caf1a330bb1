public import Contract
public import Logging

/// The denylist, as any server sees it: write down what is revoked, and find out (DESIGN §3).
///
/// ```swift
/// let denylist = try RevocationList("redis://127.0.0.1:7379")
/// try await denylist.revoke(token)                       // token: the verified claims
/// switch await denylist.verdict(for: token) {
/// case .clear: …                                         // proven by the store in the same reply, epoch and all
/// case .revoked(let reason): …
/// case .unknown(let cause): …                            // the caller's policy, never an accident
/// }
/// await denylist.close()
/// ```
public final class RevocationList: Sendable {
    /// - Parameter url: `redis://[user:password@]host:port`, `redis+unix:///path` or `memory:`.
    /// - Throws: ``RevocationError/Code/invalidURL``, ``RevocationError/Code/invalidConfiguration``.
    public init(
        _ url: String, configuration: RevocationConfiguration = .init(),
        logger: Logger = Logger(label: "revoked.client")
    ) throws(RevocationError) {
        fatalError("skeleton")
    }

    /// Revokes a token: `SETEX revoked:jti:<jti> <remaining lifetime + margin> <reason>`, and its session if asked to.
    /// Returns once the store has acknowledged every write.
    @discardableResult
    public func revoke(
        _ token: TokenClaims, reason: Reason = .logout, scopes: Set<Scope.Kind> = [.token]
    ) async throws(RevocationError) -> Acknowledgement {
        fatalError("skeleton")
    }

    /// What the store knows of a token: one lookup, one round trip.
    public func verdict(for token: TokenClaims) async -> Verdict {
        fatalError("skeleton")
    }

    /// Whether checks can be answered now.
    public func readiness() async -> Readiness {
        fatalError("skeleton")
    }

    /// Ends all connections; calls in flight fail as `unreachable`.
    public func close() async {}
}

/// What the store acknowledged.
public enum Acknowledgement: Sendable, Equatable {
    /// Written; kept for this long, in seconds.
    case revoked(secondsToLive: Int64)
    /// The token's `exp` is past by more than the margin: nobody accepts it, nothing was to be written.
    case alreadyExpired
}

/// Whether checks can be answered, and if not, why.
public enum Readiness: Sendable {
    case ready
    case notReady(UnknownCause)
}
