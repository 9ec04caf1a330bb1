/// What must never happen. Every rule has a canary: with its protection taken out, a run must break it.
enum Rule: Int, Sendable, CaseIterable {
    case token, session, subject, client, all, key
    /// Accepted after it had expired.
    case expiry
    /// A refresh token was exchanged for two different pairs.
    case rotation
    /// A wrong password was as good as the right one.
    case password
    /// A token lives longer than revocations are kept.
    case lifetime
    /// A token was issued in the future, beyond what its issuer is allowed.
    case future
    /// The issuer has withdrawn the key that signed it.
    case withdrawnKey
    /// The key that signed it was never published.
    case unknownKey
    /// A refresh token passed as an access token.
    case kind
    /// A node went by what it knew for longer than its policy allows.
    case lastKnownBound
    /// A node went by what it knew of a token that it had revoked itself.
    case lastKnownLocal

    /// What broke it, as a report says it.
    var description: String {
        switch self {
        case .token: "a revoked token was accepted"
        case .session: "a token of a revoked session was accepted"
        case .subject: "a token from before its subject's cut-off was accepted"
        case .client: "a token from before its client's cut-off was accepted"
        case .all: "a token from before the cut-off of all was accepted"
        case .key: "a token of a revoked key was accepted"
        case .expiry: "an expired token was accepted"
        case .rotation: "a refresh token was exchanged twice"
        case .password: "a wrong password was accepted"
        case .lifetime: "a token was accepted that lives longer than revocations are kept"
        case .future: "a token from the future was accepted"
        case .withdrawnKey: "a token of a withdrawn key was accepted"
        case .unknownKey: "a token of a key that was never published was accepted"
        case .kind: "a refresh token was accepted as an access token"
        case .lastKnownBound: "last-known answered for longer than its bound"
        case .lastKnownLocal: "last-known accepted what the node itself had revoked"
        }
    }
}
