package import AdminHTTP
package import Logging
package import ProcessOutput
package import Revocation
package import Settings
package import TLS

/// How a node behaves. Its settings are described in the table ``settings``.
package struct NodeConfiguration: Sendable {
    package var bind = "127.0.0.1"
    package var port = 8080
    package var tls = ServerTLSConfiguration(clientCertificates: .no)
    package var backend = "redis://127.0.0.1:7379"
    package var backendPassword: String?
    package var backendTLS = StoreTLSConfiguration()
    package var epoch: String?
    package var stateFile: String?
    package var replicas = 0
    package var acceptedEvictionPolicies: Set<String> = []
    package var acceptsReplica = false
    package var checks = ChecksAnswered.asked
    /// What a copy of the denylist may take, in bytes.
    package var checksMemory = 256 << 20
    /// Of the daemon's user `follower`.
    package var followerPassword: String?
    /// ``KeyFiles`` reads them.
    package var keys = ""
    /// ``Accounts`` reads it.
    package var users = ""
    /// ``ClientFile`` reads it.
    package var clients: String?
    /// ``IssuerFile`` reads it.
    package var issuers: String?
    /// ``IdentityProviderFile`` reads it.
    package var identityProviders: String?
    package var adminSecret: String?
    package var issuer = "revoked"
    package var issuerLabel: String?
    package var audience = "revoked"
    package var client = "revoked"
    package var name = "node"
    package var accessTokenLifetime: Duration = .seconds(15 * 60)
    /// No longer than the denylist's terms say.
    package var refreshTokenLifetime: Duration = .seconds(30 * 86_400)
    /// Two tabs of a browser that refresh at once present a token twice.
    package var rotationGrace: Duration = .seconds(10)
    package var failurePolicy: FailurePolicy = .deny
    package var cookies = false
    /// 0 for no limit, of log-ins at once neither.
    package var loginAttempts = 10
    package var trustsForwardedFor = false
    package var proxyNetworks = TrustedProxies.none
    package var upstreamHeaders = UpstreamHeaders.standard
    /// How long a gateway may keep an answer of `/auth`.
    package var authCacheLifetime: Duration = .zero
    package var allowedOrigins = AllowedOrigins.none
    package var leeway: Duration = .zero
    package var logLevel: Logger.Level = .info
    package var logFormat = LogFormat.text
    package var http = AdminListening.off
    package var httpProtectedMode = true
    package var warnings: [String] = []

    /// How often a session may refresh its tokens in 10 s; 0 for no limit.
    package var sessionRefreshes = 10

    package init() {}

    var trustedProxies: TrustedProxies { trustsForwardedFor ? .everyPeer : proxyNetworks }

    package func validate() throws(SettingError) {
        try checkValues()
        guard !trustsForwardedFor || proxyNetworks.description.isEmpty else {
            throw SettingError("trust-forwarded-for trusts every peer: give either it or trusted-proxies")
        }
        guard authCacheLifetime == .zero || failurePolicy == .deny else {
            throw SettingError("auth-cache goes with failure-policy deny only: what gateways keep has to be proven")
        }
        if case .copy = failurePolicy, checks != .local {
            throw SettingError("failure-policy copy needs a copy: --checks local")
        }
        guard refreshTokenLifetime > accessTokenLifetime else {
            throw SettingError("refresh-token-lifetime has to be longer than access-token-lifetime")
        }
        if httpProtectedMode, let address = http.exposed {
            throw SettingError(
                "refusing to serve metrics on \(address.host): anyone who reaches it could read them. Put it on loopback "
                    + "(--http), or pass --http-protected-mode no")
        }
        for (name, value) in [("keys", keys), ("users", users)] where value.isEmpty {
            throw SettingError("--\(name) is missing")
        }
    }

    /// How the denylist is to be used.
    /// - Parameter others: the other issuers.
    /// - Parameter leads: how far their clocks may be ahead, by `iss`.
    package func denylistConfiguration(
        others: [RevocationConfiguration.Issuer] = [], leads: [String: Duration] = [:]
    ) -> RevocationConfiguration {
        var configuration = RevocationConfiguration()
        addStore(to: &configuration)
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
        if checks == .local { configuration.checks = .local(maximumBytes: checksMemory) }
        configuration.followerPassword = followerPassword
        if replicas > 0 { configuration.replicas = ReplicaRequirement(count: replicas) }
        configuration.issuers = [.init(issuer, label: issuerLabel)] + others
        return configuration
    }
}

/// Where a node's checks are answered.
package enum ChecksAnswered: String, CaseIterable, Sendable {
    /// By the denylist.
    case asked
    /// From a copy in the node's memory.
    case local
}
