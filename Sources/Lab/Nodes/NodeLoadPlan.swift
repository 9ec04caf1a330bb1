/// What a load on nodes does.
struct NodeLoadPlan: Sendable {
    enum End: Sendable {
        case after(Duration)
        /// With so many judged answers.
        case answers(Int)
    }

    var nodes: [NodeProfile]
    var users = 2_000
    /// Log-ins that a user has at a time.
    var devices = 3
    var end = End.after(.seconds(30))
    /// Requests a second, in an open loop; nil sends the next as soon as there is an answer.
    var rate: Double?
    /// Connections to each node.
    var connections = 8
    /// Probed revocations a second.
    var probes = 10.0
    /// Connections to each node for probing: so many questions about one token may wait for an answer at once.
    var probeConnections = 16
    var seed: UInt64
    /// How far from `exp` the nodes' clocks may be.
    var expiryBand: Duration = .seconds(1)
    /// The grace that the nodes are configured with.
    var rotationGrace: Duration = .zero
    /// The users' names begin with it; a number follows.
    var namePrefix = "user-"
    var password = "password"
    /// The administrator's secret; nil where the nodes have no such route.
    var administrator: String?
    /// Secrets of clients by `client_id`, for `/oauth2/…`; empty where the nodes know none.
    var clients: [String: String] = [:]

    /// Others whose tokens the nodes accept.
    var issuers: [OtherIssuer] = []
    /// Of each of them.
    var guests = 20
    /// The first of them withdraws the key that signs; nil for never.
    var withdrawal: KeyWithdrawal?
    /// How far the store's clock may be from the harness'.
    var storeClock = StoreClockBand()
    /// So long ago were expired tokens issued that are asked for on purpose: they live for ``GuestIssuer/lifetime``.
    var ageOfExpired: Duration = .seconds(135)
    /// A token that lives longer is never to be accepted.
    var longestLifetime: Duration = .seconds(30 * 86_400)
    /// The label of our own issuer in the denylist.
    var label: String?
    /// nil if the command line and the library are left out.
    var commandLine: CommandLineClient?
    /// What they are asked for, a second.
    var sidesPerSecond = 2.0

    var mix = NodeLoadMix()

    func name(of user: Int) -> String { "\(namePrefix)\(user)" }
}

/// An issuer takes a key out of its key set.
struct KeyWithdrawal: Sendable {
    /// When, from the start.
    let after: Duration
    /// So long later every node must have noticed.
    let bound: Duration
    /// Publishes the keys that are left.
    let publish: @Sendable (_ keys: [OtherIssuer.Key]) -> Void
}

/// Of 10,000 requests, beside checks of tokens that should be good. What the nodes do not offer is left out.
struct NodeLoadMix: Sendable {
    var revokedTokens = 500
    var expiringTokens = 150
    /// Checks by RFC 7662 instead of a protected route.
    var introspections = 800
    /// A refresh token where an access token is due.
    var wrongKinds = 20
    var wrongPasswords = 5
    var refreshes = 100
    var logOuts = 50
    /// Log-outs with an access token that has expired.
    var expiredLogOuts = 30
    /// By RFC 7009.
    var oauthRevocations = 25
    /// By an administrator.
    var administered = AdministeredMix()
    var logOutsEverywhere = 8
    var logOutsElsewhere = 12
    /// A refresh token that was used up is presented again: that ends the session, or gives the same successor.
    var reuses = 6
    /// A refresh token is presented twice at once.
    var races = 6
    var guests = GuestMix()

    /// Of 100,000 requests: a client's cut-off ends the sessions of all its users.
    struct AdministeredMix: Sendable {
        var sessions = 60
        var subjects = 60
        var clients = 1
    }

    /// Users of other issuers.
    struct GuestMix: Sendable {
        /// Of 10,000 requests of all.
        var requests = 1_000
        /// Of 10,000 of theirs, beside checks.
        var logOuts = 80
        var logOutsEverywhere = 10
        var oauthRevocations = 20
        var administeredSessions = 20
        var administeredSubjects = 10
        /// By the `kid` of the key that signs: from then on the issuer signs with its next key.
        var administeredKeys = 2
        /// A token that was signed with a revoked key just now: a thief of the key still mints tokens.
        var stolenKeys = 60
        /// A token that was signed with a key that its issuer has never published.
        var unknownKeys = 20
        /// A token that has expired, was issued in the future, or lives for too long.
        var wrongTimes = 100
    }
}
