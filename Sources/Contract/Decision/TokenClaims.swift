/// The claims of an *already verified* JWT that revocation uses. Times are Unix milliseconds.
public struct TokenClaims: Sendable {
    /// The kind of a token: header `typ` (RFC 9068 §2.1 for access tokens).
    public enum Kind: String, Sendable {
        case access = "at+jwt"
        case refresh = "rt+jwt"
    }

    public var kind: Kind
    /// `iss`
    public var issuer: String
    /// `sub`
    public var subject: String?
    /// `sid`
    public var session: String?
    /// `jti`
    public var identifier: String?
    /// `client_id`
    public var client: String?
    /// The key that verified the token: its `kid`, or its thumbprint (RFC 7638) if the key set gives it none.
    public var key: String?
    /// `iat`, rounded to the nearest millisecond; a whole-second `iat` is the start of its second.
    public var issuedAt: Int64?
    /// `auth_time` (OpenID Connect Core §2), rounded like ``issuedAt``: when the user last authenticated. nil if it is
    /// absent, or not configured for the issuer.
    public var authenticatedAt: Int64?
    /// `exp`
    public var expiresAt: Int64?

    public init(
        kind: Kind = .access, issuer: String, subject: String? = nil, session: String? = nil,
        identifier: String? = nil, client: String? = nil, key: String? = nil, issuedAt: Int64? = nil,
        authenticatedAt: Int64? = nil, expiresAt: Int64? = nil
    ) {
        self.kind = kind
        self.issuer = issuer
        self.subject = subject
        self.session = session
        self.identifier = identifier
        self.client = client
        self.key = key
        self.issuedAt = issuedAt
        self.authenticatedAt = authenticatedAt
        self.expiresAt = expiresAt
    }

    /// The time that cut-offs are compared with (WireContract.md, *Words*). A refresh keeps it, so no token escapes a
    /// cut-off.
    public var logInTime: Int64? { authenticatedAt ?? issuedAt }

    /// Whether a revocation could name the token or its log-in. Its key and the scope of all also cover other users'
    /// tokens.
    package var isIdentified: Bool {
        func isPresent(_ claim: String?) -> Bool { claim.map { !$0.isEmpty } ?? false }
        return isPresent(identifier) || isPresent(session) || isPresent(subject) || isPresent(client)
    }

    /// The times of the tokens that a refresh issues: issued now, with this token's log-in time.
    /// - Parameter now: the store's clock, Unix milliseconds.
    /// - Returns: nil for a token without times. Any cut-off revokes it, and its successors could not show that.
    public func refreshedTimes(now: Int64) -> (issuedAt: Int64, authenticatedAt: Int64)? {
        // A node of an older release may have handed out a time ahead of the clock.
        logInTime.map { (max(now, $0), $0) }
    }

    /// The scopes that this token falls under, in the order in which they are looked up.
    public var scopes: [Scope] {
        var scopes: [Scope] = []
        if let identifier, !identifier.isEmpty { scopes.append(.token(identifier)) }
        if let session, !session.isEmpty { scopes.append(.session(session)) }
        if let subject, !subject.isEmpty { scopes.append(.subject(subject)) }
        if let client, !client.isEmpty { scopes.append(.client(client)) }
        if let key, !key.isEmpty { scopes.append(.key(key)) }
        scopes.append(.all)
        return scopes
    }
}
