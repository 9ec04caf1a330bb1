/// How many replicas are to have a revocation before it is acknowledged (Redis' `WAIT`). It makes a failover less
/// likely to lose it, not impossible.
public struct ReplicaRequirement: Sendable, Equatable {
    /// At least one.
    public var count: Int
    /// How long to wait for them, at least 1 ms and shorter than ``RevocationConfiguration/commandTimeout``.
    /// Revocations behind this one on the connection wait too.
    public var timeout: Duration

    public init(count: Int, timeout: Duration = .milliseconds(100)) {
        self.count = count
        self.timeout = timeout
    }
}
