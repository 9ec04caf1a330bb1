public import Contract

/// The acknowledgement of a revocation.
public struct Acknowledgement: Sendable, Equatable {
    public enum Outcome: Sendable, Equatable {
        /// Written; kept for this long, in seconds. Of several entries, the shortest.
        case revoked(secondsToLive: Int64)
        /// Written and kept like ``revoked(secondsToLive:)``, but fewer replicas than required
        /// (``ReplicaRequirement``) confirmed it in time: a failover could lose it.
        case revokedOnTooFewReplicas(secondsToLive: Int64, replicas: Int)
        /// Nothing was written: the token's `exp` is past by more than the margin, by the store's clock and by this
        /// machine's. No verifier accepts it.
        case alreadyExpired
    }

    public var outcome: Outcome
    /// Where the revocation is in force; nil if that was not asked for, nothing was written, or the store does not say.
    public var receipt: Receipt?

    public init(_ outcome: Outcome, receipt: Receipt? = nil) {
        self.outcome = outcome
        self.receipt = receipt
    }

    public static func revoked(secondsToLive: Int64) -> Acknowledgement {
        Acknowledgement(.revoked(secondsToLive: secondsToLive))
    }

    public static let alreadyExpired = Acknowledgement(.alreadyExpired)
}

/// Where a revocation is in force when it is acknowledged: what our daemon knows of the processes that check in their
/// own memory (``RevocationConfiguration/Checks/local(maximumBytes:)``). All others ask it.
public struct Receipt: Sendable, Equatable {
    /// How many of them have it.
    public var inForceOn: Int
    /// Those whose lease had to run out, because they did not say in time that they have it: name and host. They check
    /// nothing in their own memory until they have it.
    public var waitedOut: [String]

    public init(inForceOn: Int, waitedOut: [String]) {
        self.inForceOn = inForceOn
        self.waitedOut = waitedOut
    }

    /// Of two revocations: what holds for both.
    func joined(with other: Receipt) -> Receipt {
        Receipt(
            inForceOn: min(inForceOn, other.inForceOn),
            waitedOut: waitedOut + other.waitedOut.filter { !waitedOut.contains($0) })
    }
}

/// A revocation that was undone.
public struct Restoration: Sendable, Equatable {
    public let scope: Scope
    /// The value held: a reason or, for a subject, a client or all, the cut-off in Unix milliseconds.
    public let value: String
    /// The remaining lifetime in seconds, rounded up; nil without expiry, which only another program can have written.
    public let secondsLeft: Int64?
}
