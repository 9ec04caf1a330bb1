public import Contract

/// What the store acknowledged.
public enum Acknowledgement: Sendable, Equatable {
    /// Written; kept for this long, in seconds. Of several entries, the shortest.
    case revoked(secondsToLive: Int64)
    /// Written and kept like ``revoked(secondsToLive:)``, but fewer replicas than required (``ReplicaRequirement``)
    /// said in time that they have it: a failover could lose it.
    case revokedOnTooFewReplicas(secondsToLive: Int64, replicas: Int)
    /// The token's `exp` is past by more than the margin, by the store's clock and by this machine's: nobody accepts
    /// it, nothing was to be written.
    case alreadyExpired
}

/// A revocation that was undone.
public struct Restoration: Sendable, Equatable {
    public let scope: Scope
    /// What was held: a reason or, for a subject, a client or all, the cut-off in Unix milliseconds.
    public let value: String
    /// How long it would have lasted, in seconds, rounded up; nil for one without end, which only another program can
    /// have written.
    public let secondsLeft: Int64?
}
