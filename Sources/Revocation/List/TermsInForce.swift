import Contract

/// The terms that a process applies: those of the denylist or, while it has none, those of the configuration.
final class TermsInForce: Sendable {
    /// The bytes in the denylist; nil if it has none.
    let bytes: [UInt8]?
    let terms: Terms
    /// How long a revocation of everything is kept, in seconds.
    let secondsToLiveOfAll: Int64
    private let only: IssuerInForce?
    private let byName: [ExactString: IssuerInForce]

    /// - Parameter prefix: of all keys.
    /// - Parameter bytes: nil for terms that are not in the denylist yet.
    init(_ terms: Terms, prefix: String, bytes: [UInt8]?) throws(ContractError) {
        var issuers: [IssuerInForce] = []
        for issuer in terms.issuers { issuers.append(try IssuerInForce(issuer, prefix: prefix)) }
        self.bytes = bytes
        self.terms = terms
        secondsToLiveOfAll = issuers.map(\.secondsToLive).max() ?? 0
        only = issuers.count == 1 ? issuers[0] : nil
        byName = Dictionary(issuers.compactMap { issuer in issuer.terms.name.map { (ExactString($0), issuer) } }) {
            first, _ in first
        }
    }

    /// Whether the denylist has none.
    var areUnwritten: Bool { bytes == nil }

    /// The issuer of tokens that say `name`; nil if there is none.
    /// - Parameter name: `iss`; nil means the only issuer.
    @inline(__always)
    func issuer(_ name: String?) -> IssuerInForce? {
        guard let only else { return name.flatMap { byName[ExactString($0)] } }
        guard let name, let own = only.terms.name else { return only }
        return own.isExactly(name) ? only : nil
    }

    /// Why ``issuer(_:)`` finds none.
    func objection(toIssuer name: String?) -> String {
        let names = terms.issuers.compactMap(\.name).joined(separator: ", ")
        return name == nil
            ? "the denylist has several issuers, name one (--issuer, or the parameter issuer): \(names)"
            : "the denylist's terms do not know this issuer, but \(names) (revoked terms --backend URL --add adds one)"
    }
}

/// One issuer of the terms, with the namespace and the lifetime of its revocations.
final class IssuerInForce: Sendable {
    let terms: Terms.Issuer
    let namespace: Namespace
    /// How long a revocation of a session, a subject or a client is kept, in seconds: as long as any token that it
    /// names may live.
    let secondsToLive: Int64
    /// A token that lives no longer than this, in milliseconds, is never objected to.
    private let shortestLifetime: Int64

    /// Issuers round `exp` up to whole seconds.
    private static let rounding: Int64 = 1_000

    init(_ terms: Terms.Issuer, prefix: String) throws(ContractError) {
        self.terms = terms
        namespace =
            if let label = terms.label {
                try Namespace(prefix: prefix, issuerLabel: label)
            } else {
                Namespace(prefix: prefix)
            }
        secondsToLive = (terms.longestLifetime + Limits.marginMilliseconds + 999) / 1_000
        shortestLifetime = (terms.lifetimes.first?.milliseconds ?? 0) + Self.rounding
    }

    /// Whether a token lives no longer than revocations of its issuer are kept. The fast path of ``objection(to:)``.
    @inline(__always)
    func mayVouch(for token: borrowing TokenClaims) -> Bool {
        guard let issuedAt = token.issuedAt, let expiresAt = token.expiresAt else { return true }
        let (lifetime, hasOverflown) = expiresAt.subtractingReportingOverflow(issuedAt)
        return !hasOverflown && lifetime <= shortestLifetime || objection(to: token) == nil
    }

    /// The cause if a token lives longer than revocations were kept when it was issued. It stays refused, however old
    /// it becomes.
    func objection(to token: borrowing TokenClaims) -> UnknownCause? {
        guard let issuedAt = token.issuedAt, let expiresAt = token.expiresAt else { return nil }
        let (lifetime, hasOverflown) = expiresAt.subtractingReportingOverflow(issuedAt)
        guard hasOverflown || lifetime > terms.lifetime(ofTokenIssuedAt: issuedAt) + Self.rounding else { return nil }
        return UnknownCause(.tooLongLived, "the token is valid for longer than revocations of its issuer are kept")
    }

    /// Whether ``objection(to:)`` holds under all later terms too. They judge the token by the lifetime that held when
    /// it was issued, and never allow more than the longest one.
    /// - Parameter now: the store's clock, Unix milliseconds.
    func isRefusedForGood(_ token: TokenClaims, now: Int64) -> Bool {
        guard objection(to: token) != nil, let issuedAt = token.issuedAt, let expiresAt = token.expiresAt else {
            return false
        }
        let (lifetime, hasOverflown) = expiresAt.subtractingReportingOverflow(issuedAt)
        return issuedAt <= now - Limits.marginMilliseconds || hasOverflown
            || lifetime > Limits.maximumLifetimeMilliseconds + Self.rounding
    }
}
