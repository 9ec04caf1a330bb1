public import Contract

extension TokenClaims {
    /// The claims of a token, **without** a check of its signature. For an operator who revokes or looks up a token,
    /// never for admitting a request.
    /// - Parameter names: the claims with the identifiers, by `iss`; the usual ones for other issuers.
    /// - Throws: ``TokenRejection`` if it is not a JWT with a readable header and claims.
    public init(unverified token: String, names: [String: ClaimNames] = [:]) throws(TokenRejection) {
        let parts = try TokenParts(token)
        var profile = TokenProfile(types: [], audiences: [])
        if let issuer = try parts.issuer(), let names = names[issuer] { profile.claimNames = names }
        let payload = try parts.claims(profile)
        try payload.checkClient()
        self.init(
            kind: Kind(rawValue: parts.header.type) ?? .refresh, issuer: payload.issuer ?? "", subject: payload.subject,
            session: payload.session, identifier: payload.identifier, client: payload.client, key: parts.header.kid,
            issuedAt: payload.issuedAt, authenticatedAt: payload.authenticatedAt, expiresAt: payload.expiresAt)
    }
}
