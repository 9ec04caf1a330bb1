/// One use of tokens, and what a token of a trusted issuer has to be for it. Header, issuer, signature and critical
/// extensions are checked alike for every use.
package struct TokenProfile: Sendable {
    /// How a token's times are judged. `nbf` and `exp` always count where they are present.
    package enum Times: Sendable {
        /// It may be presented until `exp`, and lives no longer than its issuer's tokens do.
        case untilExpiry
        /// It tells of something once: `iat` is required.
        /// - maximumAge: since `iat`; nil for any.
        case message(needsExpiry: Bool, maximumAge: Duration?)
    }

    /// Header `typ`, in lower case and without `application/`; `none` for a token without it.
    package var types: Set<String>
    /// `aud` must name one of these. Empty: a token that has an `aud` is refused.
    package var audiences: [String]
    /// The client must be one of these; empty for any.
    package var clients: [String] = []
    /// Claims that must have exactly these values.
    package var requiredClaims: [String: String] = [:]
    /// Claims that must be absent.
    package var forbiddenClaims: Set<String> = []
    package var claimNames = ClaimNames()
    package var times = Times.untilExpiry

    package init(types: Set<String>, audiences: [String]) {
        self.types = Set(types.map { $0.lowercased() })
        self.audiences = audiences
    }
}
