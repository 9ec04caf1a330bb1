public import Contract

/// Somebody whose tokens are accepted.
public struct TrustedIssuer: Sendable {
    /// `iss`, exactly.
    public var name: String
    /// What `aud` of an access token must name.
    public var audience: String
    public var keys: any KeySource
    /// What tokens of this issuer may be for. `aud` of a refresh token must name the issuer itself: nobody else is to
    /// read it.
    public var kinds: Set<TokenClaims.Kind>
    /// Whether `auth_time` of its tokens is the log-in time: only if every refresh keeps it (OpenID Connect Core
    /// §12.2). Otherwise tokens count with their `iat`.
    public var usesAuthenticationTime = false
    /// How far its clock may be ahead, up to 30 s: a token from further ahead is refused. A cut-off reaches as far
    /// (`RevocationConfiguration.issuerLeads`).
    public var lead: Duration = .seconds(2)
    /// The longest lifetime of its tokens; nil for the verifier's. A token without `iat` is refused unless there is
    /// one.
    public var lifetime: Duration?
    /// The longest lifetime of a token that says when it was issued, where ``lifetime`` is nil; nil for what the terms
    /// of the denylist say, which keep revocations for a session and a token together.
    public var longestLifetime: Duration?

    public init(
        name: String, audience: String, keys: any KeySource, kinds: Set<TokenClaims.Kind> = [.access]
    ) {
        self.name = name
        self.audience = audience
        self.keys = keys
        self.kinds = kinds
    }

    func audience(of kind: TokenClaims.Kind) -> String {
        switch kind {
        case .access: audience
        case .refresh: name
        }
    }
}
