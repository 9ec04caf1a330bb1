public import Contract

/// An issuer whose tokens are accepted, and how they differ from those of others.
public struct TrustedIssuer: Sendable {
    /// `iss`, exactly.
    public var name: String
    /// `aud` of an access token must name one of these. Empty: a token that has an `aud` is refused, and ``clients``
    /// says which tokens are for this server.
    public var audiences: [String]
    /// The clients whose access tokens are accepted; empty for any.
    public var clients: [String] = []
    public var keys: any KeySource
    /// The kinds of its tokens that are accepted. `aud` of a refresh token must name the issuer itself, which alone may
    /// read it.
    public var kinds: Set<TokenClaims.Kind>
    /// Header `typ` of its access tokens: `at+jwt` (RFC 9068 §2.1), `jwt`, or `none` for a token without it. Only for
    /// issuers that do not set `at+jwt`: their other tokens may look the same (``requiredClaims``).
    public var types: Set<String> = ["at+jwt"]
    /// Claims that an access token must have with exactly these values. They tell it from ID tokens of the same issuer.
    public var requiredClaims: [String: String] = [:]
    /// The claims with the identifiers of an access token.
    public var claimNames = ClaimNames()
    /// Whether `auth_time` of its tokens is the log-in time: only if every refresh keeps it (OpenID Connect Core
    /// §12.2). Otherwise tokens count with their `iat`.
    public var usesAuthenticationTime = false
    /// How far its clock may be ahead, up to 30 s. A token from further ahead is refused. A cut-off extends as far
    /// (`RevocationConfiguration.issuerLeads`).
    public var lead: Duration = .seconds(2)
    /// The longest lifetime of its tokens; nil for the verifier's. Without one, a token without `iat` is refused.
    public var lifetime: Duration?
    /// The longest lifetime of a token with `iat`, if ``lifetime`` is nil. nil for that of the denylist's terms, which
    /// keep revocations for a session and a token together.
    public var longestLifetime: Duration?

    public init(
        name: String, audience: String, keys: any KeySource, kinds: Set<TokenClaims.Kind> = [.access]
    ) {
        self.init(name: name, audiences: [audience], keys: keys, kinds: kinds)
    }

    public init(
        name: String, audiences: [String], keys: any KeySource, kinds: Set<TokenClaims.Kind> = [.access]
    ) {
        self.name = name
        self.audiences = audiences
        self.keys = keys
        self.kinds = kinds
    }

    /// What a token of this kind has to be.
    func profile(of kind: TokenClaims.Kind) -> TokenProfile {
        switch kind {
        case .access:
            var profile = TokenProfile(types: types, audiences: audiences)
            profile.clients = clients
            profile.requiredClaims = requiredClaims
            profile.claimNames = claimNames
            // Log-out tokens and security events may have the type JWT too (RFC 8417 §4.5).
            if types != ["at+jwt"] { profile.forbiddenClaims = ["events"] }
            return profile
        case .refresh: return TokenProfile(types: [kind.rawValue], audiences: [name])
        }
    }

    /// The kind of a token that this issuer has signed.
    /// - Parameter kinds: the kinds expected.
    func kind(of header: TokenHeader, among kinds: Set<TokenClaims.Kind>) throws(TokenRejection) -> TokenClaims.Kind {
        let kind = self.kinds.intersection(kinds).first { profile(of: $0).types.contains(header.type) }
        guard let kind else { throw .otherUse }
        return kind
    }
}
