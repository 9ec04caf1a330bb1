import Contract

/// What a process assumes of an issuer's tokens that do not state their times, in milliseconds.
struct AssumedLifetimes: Sendable {
    /// How long before its `exp` a token without `iat` may have been issued; nil refuses such tokens.
    var withoutIssueTime: Int64?
    /// How long after its `iat` a token without `exp` has expired; nil refuses such tokens.
    var withoutExpiry: Int64?
}

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
    /// - Parameter assumed: what is assumed of each issuer's tokens.
    init(
        _ terms: Terms, prefix: String, bytes: [UInt8]?,
        assuming assumed: (Terms.Issuer) -> AssumedLifetimes = { _ in AssumedLifetimes() }
    ) throws(ContractError) {
        var issuers: [IssuerInForce] = []
        for issuer in terms.issuers {
            issuers.append(try IssuerInForce(issuer, prefix: prefix, assuming: assumed(issuer)))
        }
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
    private let assumed: AssumedLifetimes

    /// Issuers round `exp` up to whole seconds.
    private static let rounding: Int64 = 1_000

    init(
        _ terms: Terms.Issuer, prefix: String, assuming assumed: AssumedLifetimes = AssumedLifetimes()
    ) throws(ContractError) {
        self.terms = terms
        self.assumed = assumed
        namespace =
            if let label = terms.label {
                try Namespace(prefix: prefix, issuerLabel: label)
            } else {
                Namespace(prefix: prefix)
            }
        secondsToLive = (terms.longestLifetime + Limits.marginMilliseconds + 999) / 1_000
        shortestLifetime = (terms.lifetimes.first?.milliseconds ?? 0) + Self.rounding
    }

    /// Whether a token lives no longer than revocations of its issuer are kept. The fast path of
    /// ``objection(to:now:)``.
    @inline(__always)
    func mayVouch(for token: borrowing TokenClaims, now: @autoclosure () -> Int64) -> Bool {
        if let issuedAt = token.issuedAt, let expiresAt = token.expiresAt {
            let (lifetime, hasOverflown) = expiresAt.subtractingReportingOverflow(issuedAt)
            if !hasOverflown, lifetime <= shortestLifetime { return true }
        }
        return objection(to: token, now: now()) == nil
    }

    /// The cause if a token lives longer than revocations were kept when it was issued. It stays refused, however old
    /// it becomes. A time that the token does not state is replaced by what is assumed of its issuer's tokens.
    /// - Parameter now: the store's clock, Unix milliseconds. Only read for a token without one of its times.
    func objection(to token: borrowing TokenClaims, now: @autoclosure () -> Int64) -> UnknownCause? {
        let (issuedAt, expiresAt): (Int64, Int64)
        switch (token.issuedAt, token.expiresAt) {
        case (let issued?, let expiry?): (issuedAt, expiresAt) = (issued, expiry)
        case (nil, let expiry?):
            guard let lifetime = assumed.withoutIssueTime else { return Self.withoutIssueTime }
            // It was issued no earlier. One that cannot have been issued by now lives for longer than is assumed.
            let (issued, hasOverflown) = expiry.subtractingReportingOverflow(lifetime)
            guard !hasOverflown, issued <= now() + terms.lead + Self.rounding else { return Self.tooLongLived }
            (issuedAt, expiresAt) = (issued, expiry)
        case (let issued?, nil):
            guard let lifetime = assumed.withoutExpiry else { return Self.withoutExpiry }
            let (expiry, hasOverflown) = issued.addingReportingOverflow(lifetime)
            guard !hasOverflown, now() < expiry else { return Self.tooOld }
            (issuedAt, expiresAt) = (issued, expiry)
        case (nil, nil): return Self.withoutTimes
        }
        let (lifetime, hasOverflown) = expiresAt.subtractingReportingOverflow(issuedAt)
        let longest = terms.lifetime(ofTokenIssuedAt: issuedAt) + Self.rounding
        return hasOverflown || lifetime > longest ? Self.tooLongLived : nil
    }

    private static let tooLongLived = UnknownCause(
        .tooLongLived, "the token is valid for longer than revocations of its issuer are kept")
    private static let withoutIssueTime = UnknownCause(
        .tooLongLived, "the token has no iat, and no lifetime of its issuer's tokens is configured")
    private static let withoutExpiry = UnknownCause(
        .tooLongLived, "the token has no exp, and no longest lifetime of such tokens is configured")
    private static let withoutTimes = UnknownCause(
        .tooLongLived, "the token has neither iat nor exp: no revocation is kept for as long as it lives")
    private static let tooOld = UnknownCause(
        .tooLongLived, "the token has no exp, and is older than such a token may become")

    /// Whether ``objection(to:now:)`` holds under all later terms too. They judge the token by the lifetime that held
    /// when it was issued, and never allow more than the longest one.
    /// - Parameter now: the store's clock, Unix milliseconds.
    func isRefusedForGood(_ token: TokenClaims, now: Int64) -> Bool {
        guard objection(to: token, now: now) != nil, let issuedAt = token.issuedAt, let expiresAt = token.expiresAt
        else {
            return false
        }
        let (lifetime, hasOverflown) = expiresAt.subtractingReportingOverflow(issuedAt)
        return issuedAt <= now - Limits.marginMilliseconds || hasOverflown
            || lifetime > Limits.maximumLifetimeMilliseconds + Self.rounding
    }
}
