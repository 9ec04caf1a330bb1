/// What a connection waits for the answer to.
enum NodeOperation {
    case logIn(SimulatedUser.Device)
    case check(TokenRecord)
    /// - Parameter device: whose session goes on with the pair; nil for a token that should be refused.
    case refresh(SimulatedUser.Device?, Presentation)
    case logOut(SimulatedUser.Device, RevocationUnderWay)
    case logOutEverywhere(SimulatedUser.Device, by: TokenRecord, keepsCurrent: Bool, RevocationUnderWay)

    var kind: Kind {
        switch self {
        case .logIn: .logIn
        case .check: .check
        case .refresh: .refresh
        case .logOut: .logOut
        case .logOutEverywhere: .logOutEverywhere
        }
    }

    /// What latencies are recorded by.
    enum Kind: Sendable {
        case check, logIn, refresh, logOut, logOutEverywhere
        /// From the acknowledgement of a probed revocation to the first refusal on another node.
        case revokeToRefused
        /// The probed revocation itself.
        case probedRevocation

        var name: String {
            switch self {
            case .check: "check"
            case .logIn: "log in"
            case .refresh: "refresh"
            case .logOut: "log out"
            case .logOutEverywhere: "log out everywhere"
            case .revokeToRefused: "revoke → refused"
            case .probedRevocation: "probed revocation"
            }
        }
    }
}
