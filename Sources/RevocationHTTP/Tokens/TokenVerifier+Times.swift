import Contract

/// The times of a token that counts from them.
struct TokenTimes: Sendable {
    let issuedAt: Int64?
    let notBefore: Int64?
    let expiresAt: Int64?
    /// nil if the issuer's `auth_time` does not count.
    let authenticatedAt: Int64?
}

extension VerifiedToken {
    var times: TokenTimes {
        TokenTimes(
            issuedAt: payload.issuedAt, notBefore: payload.notBefore, expiresAt: payload.expiresAt,
            authenticatedAt: issuer.usesAuthenticationTime ? payload.authenticatedAt : nil)
    }
}

extension TokenVerifier {
    func check(
        _ times: TokenTimes, as rule: TokenProfile.Times, from issuer: TrustedIssuer
    ) throws(TokenRejection) {
        let now = clock.now
        if let expiry = times.expiresAt {
            guard now < expiry + leewayMilliseconds else { throw TokenRejection(.expired, "the token has expired") }
        }
        switch rule {
        case .untilExpiry: try checkLifetime(times, from: issuer, now: now)
        case .message(let needsExpiry, let maximumAge):
            try checkAge(times, needsExpiry: needsExpiry, maximumAge: maximumAge, now: now)
        }
        if let notBefore = times.notBefore, now + leewayMilliseconds < notBefore {
            throw TokenRejection(.notYetValid, "the token is not valid yet")
        }
        let latest = now + issuer.leadMilliseconds
        guard (times.issuedAt ?? 0) <= latest, (times.authenticatedAt ?? 0) <= latest else {
            throw TokenRejection(.notYetValid, "the token was issued in the future")
        }
    }

    /// A token that lives longer than its issuer's tokens is refused for good, not only until it has aged. Whether its
    /// revocation would be kept for as long depends on the denylist's terms: other nodes may mint longer-lived tokens.
    private func checkLifetime(
        _ times: TokenTimes, from issuer: TrustedIssuer, now: Int64
    ) throws(TokenRejection) {
        guard let expiry = times.expiresAt else { throw .withoutExpiry }
        let lifetime = issuer.lifetime.map { Int64($0 / .milliseconds(1)) }
        guard let issuedAt = times.issuedAt else {
            guard let lifetime else { throw .withoutIssueTime }
            // The issuer's configured lifetime replaces the missing claim.
            guard expiry - now <= min(lifetime, longestLifetimeMilliseconds) + issuer.leadMilliseconds else {
                throw .tooLongLived
            }
            return
        }
        let longest = lifetime ?? issuer.longestLifetime.map { Int64($0 / .milliseconds(1)) }
        if let longest, expiry - issuedAt > longest { throw .tooLongLived }
    }

    private func checkAge(
        _ times: TokenTimes, needsExpiry: Bool, maximumAge: Duration?, now: Int64
    ) throws(TokenRejection) {
        guard !needsExpiry || times.expiresAt != nil else { throw .withoutExpiry }
        guard let issuedAt = times.issuedAt else { throw .withoutIssueTime }
        guard let maximumAge, now - issuedAt > Int64(maximumAge / .milliseconds(1)) + leewayMilliseconds else { return }
        throw TokenRejection(.expired, "the token was issued too long ago")
    }
}

extension TrustedIssuer {
    fileprivate var leadMilliseconds: Int64 { Int64(lead / .milliseconds(1)) }
}

extension TokenRejection {
    fileprivate static let withoutExpiry = TokenRejection(.withoutExpiry, "the token has no expiry")
    fileprivate static let withoutIssueTime = TokenRejection(
        .withoutIssueTime, "the token does not say when it was issued")
    fileprivate static let tooLongLived = TokenRejection(
        .tooLongLived, "the token lives for longer than its issuer's tokens do")
}
