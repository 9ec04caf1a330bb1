/// How many replicas are to have a revocation before it is acknowledged (Redis' `WAIT`). It makes a failover less
/// likely to lose it, not impossible.
public struct ReplicaRequirement: Sendable, Equatable {
    /// At least one.
    public var count: Int
    /// How long they are waited for; all revocations behind this one wait too. Shorter than the command's own timeout.
    public var timeout: Duration

    public init(count: Int, timeout: Duration = .milliseconds(100)) {
        self.count = count
        self.timeout = timeout
    }
}
