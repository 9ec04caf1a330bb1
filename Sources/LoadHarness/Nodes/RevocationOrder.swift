/// A revocation that the load sends: what it ends, and how it is asked for.
struct RevocationOrder {
    enum Means {
        /// `POST /logout` with a token, which may have expired.
        case logOut(TokenRecord)
        /// `POST /oauth2/revoke` (RFC 7009) of a token.
        case oauth(TokenRecord)
        /// `POST /admin/revoke`
        case administrator
    }

    enum Scope {
        case session(SessionRecord, identifier: String)
        case subject(CutOffScope, name: String)
        case client(CutOffScope, identifier: String)
        case key(KeyRecord, identifier: String)
    }

    let scope: Scope
    let means: Means
    /// Whose session ends; no other change of it is sent meanwhile.
    var device: SimulatedUser.Device?

    /// Ends a session by one of its tokens.
    static func logOut(_ device: SimulatedUser.Device?, with token: TokenRecord) -> RevocationOrder {
        RevocationOrder(
            scope: .session(token.session, identifier: token.text.session), means: .logOut(token), device: device)
    }

    var target: RevocationTarget {
        switch scope {
        case .session(let session, _): .session(session)
        case .subject(let scope, _), .client(let scope, _): .cutOff(scope)
        case .key(let key, _): .key(key)
        }
    }

    /// Whether it has been acknowledged by now, by whichever request.
    var isFulfilled: Bool {
        switch scope {
        case .session(let session, _): session.standing.revocation != nil
        case .key(let key, _): key.standing.revocation != nil
        case .subject, .client: false
        }
    }

    /// Whether it may end sessions of many users.
    var isWide: Bool {
        switch scope {
        case .session, .subject: false
        case .client, .key: true
        }
    }

    var kind: NodeOperation.Kind {
        switch means {
        case .logOut: .logOut
        case .oauth: .oauthRevocation
        case .administrator: .administration
        }
    }
}
