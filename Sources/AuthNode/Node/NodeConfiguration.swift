package import AdminHTTP
import Contract
import HTTPTypes
package import Logging
package import Revocation
import RevocationHTTP

/// How a node behaves.
package struct NodeConfiguration: Sendable {
    /// The address to listen on.
    package var bind = "127.0.0.1"
    /// What whoever reads the settings has to tell about them.
    package internal(set) var notices: [String] = []
    /// The port to listen on; 0 takes a free one.
    package var port = 8080
    /// The denylist's URL. May hold a password: never logged.
    package var backend = "redis://127.0.0.1:7379"
    /// The denylist's epoch (`revoked accept` prints it); nil pins the one of the state file, or the one met at first
    /// contact.
    package var epoch: String?
    /// The file that keeps the pinned epoch over restarts; nil for none.
    package var stateFile: String?
    /// How many replicas have to know a revocation before it counts as acknowledged, up to 100; 0 waits for none.
    package var replicas = 0
    /// Eviction policies of a stock Redis or Valkey that are accepted although they can drop revocations silently.
    package var acceptedEvictionPolicies: Set<String> = []
    /// Whether checks may read from a replica, which may not know of the latest revocations and accepts none.
    package var acceptsReplica = false
    /// A PEM file, or a directory of them (``KeyFiles``).
    package var keys = ""
    /// The file of accounts (``Accounts``).
    package var users = ""
    /// The file of clients (``ClientFile``); nil for none.
    package var clients: String?
    /// The file of other issuers whose access tokens are accepted; nil for none.
    package var issuers: String?
    /// The administrator's credential: 32 to 256 characters; nil for no such endpoint. Never logged.
    package var adminSecret: String?
    /// `iss` of every token.
    package var issuer = "revoked"
    /// Our own issuer's label in the denylist; nil for what the denylist's terms say, or none if this node writes them.
    package var issuerLabel: String?
    /// `aud` of every token.
    package var audience = "revoked"
    /// `client_id` of every token.
    package var client = "revoked"
    /// The node's name in its log.
    package var name = "node"
    /// How long an access token lives: 1 s to 1 day, in whole seconds.
    package var accessTokenLifetime: Duration = .seconds(15 * 60)
    /// How long a refresh token lives: longer than an access token, up to 399 days, in whole seconds; no longer than
    /// the denylist's terms say.
    package var refreshTokenLifetime: Duration = .seconds(30 * 86_400)
    /// How long after a refresh token was exchanged a second presenter gets the same successor: 0 to 60 s. Two tabs of
    /// a browser that refresh at once are such presenters.
    package var rotationGrace: Duration = .seconds(10)
    /// What becomes of a token of which nothing can be proven, at `/me` and `/auth`.
    package var failurePolicy: FailurePolicy = .deny
    /// Whether tokens are in cookies rather than in bodies.
    package var cookies = false
    /// Wrong passwords a minute for an account from one address, up to 1,000; 0 for no limit, of log-ins at once
    /// neither.
    package var loginAttempts = 10
    /// Whether the last entry of `X-Forwarded-For` is the client's address: only behind a proxy that adds it.
    package var trustsForwardedFor = false
    /// How long after `exp` a token is still accepted: 0 to 60 s, in whole seconds.
    package var leeway: Duration = .zero
    package var logLevel: Logger.Level = .info
    /// Where metrics and health are served over HTTP, apart from what users reach.
    package var http = AdminListening.off
    /// Refuse to serve them beyond loopback.
    package var httpProtectedMode = true

    /// How often a session may refresh its tokens in 10 s; 0 for no limit.
    package var sessionRefreshes = 10

    package init() {}

    /// - Throws: ``NodeError/Code/invalidSetting`` if one is out of its range.
    package func validate() throws(NodeError) {
        guard (0...65_535).contains(port) else { throw NodeError(.invalidSetting, "the port is 0 to 65535") }
        guard (.seconds(1) ... .seconds(86_400)).contains(accessTokenLifetime) else {
            throw NodeError(.invalidSetting, "the access token's lifetime is 1 to 86400 seconds")
        }
        guard refreshTokenLifetime > accessTokenLifetime, refreshTokenLifetime <= .seconds(399 * 86_400) else {
            throw NodeError(
                .invalidSetting, "the refresh token's lifetime is longer than the access token's, and at most 399 days")
        }
        guard (.zero ... .seconds(60)).contains(rotationGrace) else {
            throw NodeError(.invalidSetting, "the rotation's grace is 0 to 60 seconds")
        }
        guard (0...100).contains(replicas) else {
            throw NodeError(.invalidSetting, "the replicas to wait for are 0 to 100")
        }
        guard (0...1_000).contains(loginAttempts) else {
            throw NodeError(.invalidSetting, "the log-in attempts are 0 to 1000 a minute")
        }
        if let adminSecret {
            guard (32...256).contains(adminSecret.utf8.count),
                case .present = BearerToken([.authorization: "Bearer \(adminSecret)"])
            else {
                throw NodeError(
                    .invalidSetting,
                    "the administrator's secret is 32 to 256 letters, digits or -._~+/: `openssl rand -hex 32`")
            }
        }
        if httpProtectedMode, let address = http.exposed {
            throw NodeError(
                .invalidSetting,
                "refusing to serve metrics on \(address.host): anyone who reaches it could read them. Put it on loopback "
                    + "(--http), or pass --http-protected-mode no")
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

    /// How the denylist is to be used.
    /// - Parameter others: the other issuers.
    /// - Parameter leads: how far their clocks may be ahead, by `iss`.
    package func denylistConfiguration(
        others: [RevocationConfiguration.Issuer] = [], leads: [String: Duration] = [:]
    ) -> RevocationConfiguration {
        var configuration = RevocationConfiguration()
        configuration.longestRefreshLifetime = refreshTokenLifetime
        configuration.rotationGrace = rotationGrace
        // Its times are the store's.
        configuration.issuerLeads = leads
        configuration.issuerLeads[issuer] = .zero
        configuration.epoch = epoch
        configuration.stateFile = stateFile
        configuration.leeway = leeway
        configuration.acceptedEvictionPolicies = acceptedEvictionPolicies
        configuration.acceptsReplica = acceptsReplica
        if replicas > 0 { configuration.replicas = ReplicaRequirement(count: replicas) }
        configuration.issuers = [.init(issuer, label: issuerLabel)] + others
        return configuration
    }
}
