/// What a server does with a token of which nothing is known (DESIGN §2).
public enum FailurePolicy: Sendable {
    /// Refuses it with 503: a revoked token must never pass because the store is away.
    case deny
}
