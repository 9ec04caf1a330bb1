/// What a connection waits for the answer to.
enum NodeOperation {
    case logIn(SimulatedUser.Device, hasRightPassword: Bool)
    case check(TokenRecord, CheckRoute)
    /// - Parameter device: whose session goes on with the pair; nil for a token that should be refused.
    case refresh(SimulatedUser.Device?, Presentation)
    case revoke(RevocationOrder, RevocationUnderWay)
    case logOutEverywhere(LogOutEverywhere, RevocationUnderWay)

    var kind: Kind {
        switch self {
        case .logIn: .logIn
        case .check(_, let route): route.kind
        case .refresh: .refresh
        case .revoke(let order, _): order.kind
        case .logOutEverywhere(let request, _): request.keepsCurrent ? .logOutElsewhere : .logOutEverywhere
        }
    }

    /// Whether it shows a token that is signed with a key which its issuer has withdrawn. A node does not have such a
    /// key, and asks for it once in a while only: until then it cannot say what the token is.
    var showsWithdrawnKey: Bool {
        guard case .revoke(let order, _) = self else { return false }
        switch order.means {
        case .logOut(let token), .oauth(let token): return token.key.withdrawal.uncertainty.cause != .none
        case .administrator, .commandLine, .library: return false
        }
    }

    /// What is counted, and what latencies are recorded by.
    enum Kind: String, Sendable {
        case check
        case introspection
        case logIn = "log in"
        case refresh
        case logOut = "log out"
        case logOutEverywhere = "log out everywhere"
        case logOutElsewhere = "log out elsewhere"
        case oauthRevocation = "RFC 7009 revocation"
        case administration = "administrator's revocation"
        case commandLineCheck = "`revoked check`"
        case commandLineRevocation = "`revoked revoke`"
        case libraryCheck = "check by the library"
        case libraryRevocation = "revocation by the library"
        /// From the acknowledgement of a probed revocation to the first refusal on another node.
        case revokeToRefused = "revoke → refused"
        /// The probed revocation itself.
        case probedRevocation = "probed revocation"

        var name: String { rawValue }
    }
}

/// Where a token is checked.
enum CheckRoute: Sendable {
    case me, auth
    /// RFC 7662
    case introspection
    /// `revoked check`, a process of its own.
    case commandLine
    /// The client library, in the load's own process.
    case library

    var kind: NodeOperation.Kind {
        switch self {
        case .me, .auth: .check
        case .introspection: .introspection
        case .commandLine: .commandLineCheck
        case .library: .libraryCheck
        }
    }
}

/// Where a request went, and when.
struct Sent {
    /// The command line has the number behind the last node's.
    let node: Int
    let at: Int64
    /// When it should have been sent, in an open loop.
    let intendedAt: Int64
    /// Whether the prober sent it.
    var isProbe = false

    init(to node: Int, at time: Int64, intendedAt: Int64, isProbe: Bool = false) {
        self.node = node
        at = time
        self.intendedAt = intendedAt
        self.isProbe = isProbe
    }
}

/// What came back.
enum Outcome {
    case http(HTTPAnswer)
    /// There will be no answer.
    case lost(String)
    /// From the command line, or the library.
    case side(TokenAnswer)
}

/// `POST /logout-everywhere`
struct LogOutEverywhere {
    let device: SimulatedUser.Device
    let token: TokenRecord
    /// Whether this session goes on, with another pair: a log-in, which takes the password.
    var keepsCurrent = false
    var hasRightPassword = true
}
