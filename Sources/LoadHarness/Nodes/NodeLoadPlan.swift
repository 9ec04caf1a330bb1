/// What a load on nodes does.
struct NodeLoadPlan: Sendable {
    enum End: Sendable {
        case after(Duration)
        /// With so many judged answers.
        case answers(Int)
    }

    var nodes: [String]
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
    /// The users' names begin with it; a number follows.
    var namePrefix = "user-"
    var password = "password"

    /// Of 10,000 requests, beside checks of tokens that should be good.
    struct Mix: Sendable {
        var revokedTokens = 500
        var expiringTokens = 150
        var refreshes = 100
        var logOuts = 50
        var logOutsEverywhere = 8
        var logOutsElsewhere = 8
        /// A refresh token that was used up is presented again: that ends the session.
        var reuses = 6
        /// A refresh token is presented twice at once.
        var races = 6
    }
    var mix = Mix()

    func name(of user: Int) -> String { "\(namePrefix)\(user)" }
}
