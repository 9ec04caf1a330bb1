// The oracle's records. They are objects, because tokens refer to the scopes that they fall under. The last reference
// that the load holds frees them, so memory does not grow with the number of judged answers. Only the oracle changes
// them.

/// A subject, a client, or all tokens of an issuer: what a cut-off covers.
final class CutOffScope {
    var cutOffs = CutOffHistory()
}

/// An issuer of tokens, with what is revoked in its name.
final class IssuerRecord {
    /// `iss`
    let name: String
    /// What its keys in the store begin with.
    let prefix: String
    let all = CutOffScope()
    private var clients: [String: CutOffScope] = [:]
    private var keys: [String: KeyRecord] = [:]

    init(_ name: String = "revoked", label: String? = nil) {
        self.name = name
        prefix = label.map { "revoked:\($0):" } ?? "revoked:"
    }

    func client(_ identifier: String) -> CutOffScope {
        if let client = clients[identifier] { return client }
        let client = CutOffScope()
        clients[identifier] = client
        return client
    }

    func key(_ identifier: String) -> KeyRecord {
        if let key = keys[identifier] { return key }
        let key = KeyRecord()
        keys[identifier] = key
        return key
    }
}

/// A signing key.
final class KeyRecord {
    var standing = Standing()
    /// By the issuer itself, in its key set; "acknowledged" when every node must have noticed.
    var withdrawal = Standing()
}

/// One log-in, and all that was refreshed from it.
final class SessionRecord {
    let issuer: IssuerRecord
    let subject: CutOffScope
    var standing = Standing()

    init(of subject: CutOffScope, at issuer: IssuerRecord) {
        self.subject = subject
        self.issuer = issuer
    }
}

/// A token as it was handed out.
final class TokenRecord {
    enum Kind: Sendable { case access, refresh }

    let kind: Kind
    let session: SessionRecord
    let client: CutOffScope
    let key: KeyRecord
    let text: TokenText
    let logIn: LogInSpan
    /// `exp` on the harness' clock.
    let expiresAt: Int64
    /// Refused before: `iat` less what its issuer's clock may be ahead, on the harness' clock.
    var validFrom = Int64.min
    /// Why it must never be accepted, if so.
    var forbidden: Rule?
    var standing = Standing()
    var rotation = Rotation()
    /// Found once, as the first acknowledgement stays the first.
    private var knownRevocation: Revocation?

    /// Of a refresh token.
    struct Rotation {
        var presentations = 0
        var firstPresentedAt = Int64.max
        var underWay = 0
        /// When a pair was first received for it, and the `jti` of its refresh token.
        var exchangedAt: Int64?
        var successor: String?
        /// Several presentations, of which any may end the session until the last has its answer.
        var isContested = false
        /// Whether a contested one got no answer.
        var isUnsettled = false
    }

    struct Revocation {
        let rule: Rule
        let acknowledged: Acknowledged
    }

    init(
        _ kind: Kind, of session: SessionRecord, text: TokenText, logIn: LogInSpan, expiresAt: Int64
    ) {
        self.kind = kind
        self.session = session
        self.text = text
        self.logIn = logIn
        self.expiresAt = expiresAt
        client = session.issuer.client(text.client)
        key = session.issuer.key(text.key)
    }

    /// The same token where an access token is due: it must never be accepted there.
    func asAccess() -> TokenRecord {
        let token = TokenRecord(.access, of: session, text: text, logIn: logIn, expiresAt: expiresAt)
        token.forbidden = .kind
        return token
    }

    /// The first acknowledged revocation that it falls under.
    var revocation: Revocation? {
        if let knownRevocation { return knownRevocation }
        knownRevocation = revocations.min { $0.acknowledged.at < $1.acknowledged.at }
        return knownRevocation
    }

    /// When that acknowledgement was received; `.max` if there was none.
    var revokedFrom: Int64 { revocation?.acknowledged.at ?? .max }

    /// Whether a node has acknowledged a revocation of it before `time`.
    func wasRevoked(by node: Int, before time: Int64) -> Bool {
        revocations.contains { $0.acknowledged.by == node && $0.acknowledged.at < time }
    }

    private var revocations: [Revocation] {
        var found: [Revocation] = []
        func add(_ rule: Rule, _ acknowledged: Acknowledged?) {
            if let acknowledged { found.append(Revocation(rule: rule, acknowledged: acknowledged)) }
        }
        add(.token, standing.revocation)
        add(.session, session.standing.revocation)
        add(.key, key.standing.revocation)
        add(.withdrawnKey, key.withdrawal.revocation)
        add(.subject, session.subject.cutOffs.revocation(of: logIn))
        add(.client, client.cutOffs.revocation(of: logIn))
        add(.all, session.issuer.all.cutOffs.revocation(of: logIn))
        return found
    }

    /// Why a refusal may be right although nothing was acknowledged.
    var uncertainty: Uncertainty {
        var uncertainty = standing.uncertainty
        uncertainty.add(session.standing.uncertainty)
        uncertainty.add(key.standing.uncertainty)
        uncertainty.add(key.withdrawal.uncertainty)
        uncertainty.add(session.subject.cutOffs.uncertainty(about: logIn))
        uncertainty.add(client.cutOffs.uncertainty(about: logIn))
        uncertainty.add(session.issuer.all.cutOffs.uncertainty(about: logIn))
        return uncertainty
    }

    /// Whether either answer will be right for good, unless another revocation is acknowledged.
    var isUnsettled: Bool { revocation == nil && uncertainty.cause > .underWay }
}

/// What a revocation names.
enum RevocationTarget {
    case token(TokenRecord)
    case session(SessionRecord)
    case key(KeyRecord)
    case cutOff(CutOffScope)
}

/// Something that may revoke tokens, from its sending to its end.
struct RevocationUnderWay {
    enum End: Sendable {
        case acknowledged
        /// No answer, or one that says that nothing is known.
        case unacknowledged
        /// Refused before anything was written.
        case withoutEffect
    }

    let targets: [RevocationTarget]
    /// Of its cut-offs.
    let number: Int
    let node: Int
    let sentAt: Int64
}

/// A refresh token that was presented.
struct Presentation {
    let token: TokenRecord
    let question: Question
}
