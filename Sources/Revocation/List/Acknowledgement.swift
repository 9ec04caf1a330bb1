public import Contract

/// The acknowledgement of a revocation.
public enum Acknowledgement: Sendable, Equatable {
    /// Written; kept for this long, in seconds. Of several entries, the shortest.
    case revoked(secondsToLive: Int64)
    /// Written and kept like ``revoked(secondsToLive:)``, but fewer replicas than required (``ReplicaRequirement``)
    /// confirmed it in time: a failover could lose it.
    case revokedOnTooFewReplicas(secondsToLive: Int64, replicas: Int)
    /// Nothing was written: the token's `exp` is past by more than the margin, by the store's clock and by this
    /// machine's. No verifier accepts it.
    case alreadyExpired
}

/// A revocation that was undone.
public struct Restoration: Sendable, Equatable {
    public let scope: Scope
    /// The value held: a reason or, for a subject, a client or all, the cut-off in Unix milliseconds.
    public let value: String
    /// The remaining lifetime in seconds, rounded up; nil without expiry, which only another program can have written.
    public let secondsLeft: Int64?
}
