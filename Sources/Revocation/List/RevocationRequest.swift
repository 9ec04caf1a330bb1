public import Contract

/// One scope to revoke. One call may revoke several.
public enum RevocationRequest: Sendable, Hashable {
    /// One token by its `jti`, for as long as a verifier may accept it.
    /// - Parameter expiresAt: its `exp`, Unix milliseconds.
    case token(String, expiresAt: Int64)
    /// One log-in, `sid`: every token refreshed from it, whenever it was issued.
    case session(String)
    /// Every token of a subject, `sub`, whose log-in time is at or before a cut-off.
    case subject(String, issuedBefore: CutOffTime = .now)
    /// Every token of a client, `client_id`, whose log-in time is at or before a cut-off.
    case client(String, issuedBefore: CutOffTime = .now)
    /// A signing key, by its `kid` or thumbprint (RFC 7638): every token that it has signed or will sign.
    case key(String)
    /// Every token whose log-in time is at or before a cut-off.
    case all(issuedBefore: CutOffTime = .now)

    /// The scope whose key is written.
    public var scope: Scope {
        switch self {
        case .token(let identifier, _): .token(identifier)
        case .session(let identifier): .session(identifier)
        case .subject(let identifier, _): .subject(identifier)
        case .client(let identifier, _): .client(identifier)
        case .key(let identifier): .key(identifier)
        case .all: .all
        }
    }

    /// By scope, whose identifier is compared byte for byte, as keys are.
    public static func == (one: RevocationRequest, other: RevocationRequest) -> Bool {
        one.scope == other.scope && one.cutOff == other.cutOff && one.expiresAt == other.expiresAt
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(scope) }

    private var expiresAt: Int64? { if case .token(_, let time) = self { time } else { nil } }

    var cutOff: CutOffTime? {
        switch self {
        case .token, .session, .key: nil
        case .subject(_, let time), .client(_, let time), .all(let time): time
        }
    }
}

/// A cut-off: tokens whose log-in time is at or before it are revoked.
public enum CutOffTime: Sendable, Hashable {
    /// The store's time when it is written; later than every cut-off of this scope before.
    case now
    /// Unix milliseconds; at most 60 s ahead of the store's clock.
    case at(Int64)
}
