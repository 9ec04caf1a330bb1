/// What a revocation covers (WireContract.md, *Words*).
public enum Scope: Sendable, Hashable {
    /// One token, by its `jti` (RFC 7519 §4.1.7).
    case token(String)
    /// One log-in and every token refreshed from it, by `sid`.
    case session(String)
    /// Every token of a subject whose log-in time is at or before a cut-off, by `sub` (RFC 7519 §4.1.2).
    case subject(String)
    /// Every token of a client whose log-in time is at or before a cut-off, by `client_id` (RFC 9068 §2.2).
    case client(String)
    /// A signing key and every token that it signs, by `kid` (RFC 7515 §4.1.4) or thumbprint (RFC 7638).
    case key(String)
    /// Every token whose log-in time is at or before a cut-off.
    case all

    public var kind: Kind {
        switch self {
        case .token: .token
        case .session: .session
        case .subject: .subject
        case .client: .client
        case .key: .key
        case .all: .all
        }
    }

    /// What its key names; nil for all.
    package var identifier: String? {
        switch self {
        case .token(let name), .session(let name), .subject(let name), .client(let name), .key(let name): name
        case .all: nil
        }
    }

    /// Byte for byte, as keys are: two `String`s are equal if they look alike (Unicode's canonical equivalence).
    public static func == (one: Scope, other: Scope) -> Bool {
        one.kind == other.kind && one.identifier.map { ExactString($0) } == other.identifier.map { ExactString($0) }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(identifier.map { ExactString($0) })
    }

    /// A scope without its identifier.
    public enum Kind: Hashable, Sendable, CaseIterable {
        case token, session, subject, client, key, all

        /// Whether the key's value is a cut-off; otherwise its presence alone revokes and the value is a reason.
        public var isCutOff: Bool {
            switch self {
            case .token, .session, .key: false
            case .subject, .client, .all: true
            }
        }

        /// The kind's word in a key.
        public var word: String {
            switch self {
            case .token: "jti"
            case .session: "sid"
            case .subject: "sub"
            case .client: "client"
            case .key: "kid"
            case .all: "all"
            }
        }
    }
}
