/// A revocation that the load sends: what it ends, and how it is asked for.
struct RevocationOrder {
    enum Means {
        /// `POST /logout` with a token, which may have expired.
        case logOut(TokenRecord)
        /// `POST /oauth2/revoke` (RFC 7009) of a token.
        case oauth(TokenRecord)
        /// `POST /admin/revoke`
        case administrator
        /// `revoked revoke`, a process of its own.
        case commandLine
        /// The client library, in the load's own process.
        case library
    }

    enum Scope {
        /// By its `jti`.
        case token(TokenRecord)
        case session(SessionRecord, identifier: String)
        case subject(CutOffScope, name: String)
        case client(CutOffScope, identifier: String)
        case key(KeyRecord, identifier: String)
        case all

        static func session(of token: TokenRecord) -> Scope { .session(token.session, identifier: token.text.session) }
        static func subject(of token: TokenRecord) -> Scope {
            .subject(token.session.subject, name: token.text.subject)
        }
        static func client(of token: TokenRecord) -> Scope { .client(token.client, identifier: token.text.client) }
        static func key(of token: TokenRecord) -> Scope { .key(token.key, identifier: token.text.key) }
    }

    let scope: Scope
    let means: Means
    let issuer: IssuerRecord
    /// Whose session ends; no other change of it is sent meanwhile.
    let device: SimulatedUser.Device?

    /// - Parameter token: one that it ends.
    init(_ scope: Scope, of token: TokenRecord, by means: Means, _ device: SimulatedUser.Device? = nil) {
        self.scope = scope
        self.means = means
        self.device = device
        issuer = token.session.issuer
    }

    /// Ends a session by one of its tokens.
    static func logOut(_ device: SimulatedUser.Device?, with token: TokenRecord) -> RevocationOrder {
        RevocationOrder(.session(of: token), of: token, by: .logOut(token), device)
    }

    var target: RevocationTarget {
        switch scope {
        case .token(let token): .token(token)
        case .session(let session, _): .session(session)
        case .subject(let scope, _), .client(let scope, _): .cutOff(scope)
        case .key(let key, _): .key(key)
        case .all: .cutOff(issuer.all)
        }
    }

    /// Whether it has been acknowledged by now, by whichever request. Of a cut-off that is not looked up.
    var isFulfilled: Bool {
        switch scope {
        case .token(let token): token.standing.revocation != nil
        case .session(let session, _): session.standing.revocation != nil
        case .key(let key, _): key.standing.revocation != nil
        case .subject, .client, .all: false
        }
    }

    /// Whether it may end sessions of many users.
    var isWide: Bool {
        switch scope {
        case .token, .session, .subject: false
        case .client, .key, .all: true
        }
    }

    /// Whether no node is asked for it.
    var isAside: Bool {
        switch means {
        case .logOut, .oauth, .administrator: false
        case .commandLine, .library: true
        }
    }

    var kind: NodeOperation.Kind {
        switch means {
        case .logOut: .logOut
        case .oauth: .oauthRevocation
        case .administrator: .administration
        case .commandLine: .commandLineRevocation
        case .library: .libraryRevocation
        }
    }
}
