import Contract
public import Logging

/// How a node behaves.
public struct NodeSettings: Sendable {
    /// The address to listen on.
    public var bind = "127.0.0.1"
    /// The port to listen on; 0 takes a free one.
    public var port = 8080
    /// The denylist's URL. May hold a password: never logged.
    public var backend = "redis://127.0.0.1:7379"
    /// A PEM file, or a directory of them (``KeyFiles``).
    public var keys = ""
    /// The file of accounts (``Accounts``).
    public var users = ""
    /// `iss` of every token.
    public var issuer = "revoked"
    /// `aud` of every token.
    public var audience = "revoked"
    /// `client_id` of every token.
    public var client = "revoked"
    /// The node's name in its log.
    public var name = "node"
    /// How long an access token lives: 1 s to 1 day, in whole seconds.
    public var accessTokenLifetime: Duration = .seconds(15 * 60)
    /// How long after `exp` a token is still accepted: 0 to 60 s, in whole seconds.
    public var leeway: Duration = .zero
    public var logLevel: Logger.Level = .info

    public init() {}

    /// - Throws: ``NodeError/Code/invalidSetting`` if one is out of its range.
    public func validate() throws(NodeError) {
        guard (0...65_535).contains(port) else { throw NodeError(.invalidSetting, "the port is 0 to 65535") }
        guard (.seconds(1) ... .seconds(86_400)).contains(accessTokenLifetime) else {
            throw NodeError(.invalidSetting, "the access token's lifetime is 1 to 86400 seconds")
        }
        guard (.zero ... .milliseconds(Limits.maximumLeewayMilliseconds)).contains(leeway) else {
            throw NodeError(.invalidSetting, "the leeway is 0 to 60 seconds: revocations are not kept for more")
        }
        for (name, value) in [
            ("keys", keys), ("users", users), ("issuer", issuer), ("audience", audience), ("client-id", client),
        ] where value.isEmpty {
            throw NodeError(.invalidSetting, "--\(name) is missing")
        }
    }
}
