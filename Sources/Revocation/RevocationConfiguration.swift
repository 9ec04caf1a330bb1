public import Contract

/// How a ``RevocationList`` behaves.
public struct RevocationConfiguration: Sendable {
    public var namespace = Namespace()
    /// How long a connection may take to be made, log-in and audit included.
    public var connectTimeout: Duration = .seconds(2)
    /// How long a command may take from the call to its reply.
    public var commandTimeout: Duration = .milliseconds(500)
    /// How long a session's revocation is kept: the longest lifetime of a refresh token; the margin is added.
    public var longestRefreshLifetime: Duration = .seconds(30 * 86_400)
    /// The epoch to believe; nil pins the one met at first contact.
    public var epoch: String?

    public init() {}
}
