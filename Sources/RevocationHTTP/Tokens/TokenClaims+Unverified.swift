public import Contract

extension TokenClaims {
    /// The claims that a token states, **without** looking at its signature: for an operator who revokes or looks up a
    /// token at hand, never for letting anything pass.
    /// - Throws: ``TokenRejection`` if it is no JWT whose header and claims can be read.
    public init(unverified token: String) throws(TokenRejection) {
        let parts = try TokenParts(token)
        let payload: TokenPayload = try TokenParts.decode(parts.payload, "the token's claims cannot be read")
        self.init(
            kind: parts.header.kind ?? .refresh, issuer: payload.iss ?? "", subject: payload.sub,
            session: payload.sid, identifier: payload.jti, client: payload.clientIdentifier,
            key: parts.header.kid, issuedAt: payload.iat?.milliseconds,
            authenticatedAt: payload.authenticatedAt?.value?.milliseconds, expiresAt: payload.exp?.milliseconds)
    }
}
