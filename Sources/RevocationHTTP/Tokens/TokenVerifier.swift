public import Contract
import Foundation

/// Verifies tokens as RFC 9068 §4 says: size, header, issuer, signature, audience, times, in this order.
public struct TokenVerifier: TokenVerifying {
    /// A longer token is refused unread.
    public static let maximumTokenBytes = 8192
    private let issuers: [ExactString: TrustedIssuer]
    let leewayMilliseconds: Int64
    let longestLifetimeMilliseconds: Int64
    let clock: WallClock
    /// nil verifies each signature every time.
    var verifiedTokens: VerifiedTokenTable? = VerifiedTokenTable()

    /// - Parameter issuers: each with a name of its own.
    /// - Parameter leeway: 0 to 60 s, how long after `exp` a token is still accepted.
    /// - Parameter longestLifetime: a further limit for tokens without `iat`, besides the lifetime of their issuer. The
    ///   denylist's terms must cover it. Other tokens are judged by the terms themselves, at the look-up.
    /// - Precondition: the leeway is in its range, because revocations are not kept for a longer one
    ///   (``Limits/marginMilliseconds``).
    public init(
        issuers: [TrustedIssuer], leeway: Duration = .zero, longestLifetime: Duration = .seconds(30 * 86_400),
        clock: WallClock = .system
    ) {
        let milliseconds = Int64(leeway / .milliseconds(1))
        precondition((0...Limits.maximumLeewayMilliseconds).contains(milliseconds), "the leeway is 0 to 60 seconds")
        let leads = Duration.zero...Duration.milliseconds(Limits.maximumIssuerLeadMilliseconds)
        precondition(issuers.allSatisfy { leads.contains($0.lead) }, "an issuer's lead is 0 to 30 seconds")
        precondition(
            issuers.allSatisfy { !$0.audiences.isEmpty || !$0.clients.isEmpty }, "an issuer has audiences or clients")
        precondition(Set(issuers.map(\.name)).count == issuers.count, "an issuer is named twice")
        self.issuers = Dictionary(uniqueKeysWithValues: issuers.map { (ExactString($0.name), $0) })
        self.leewayMilliseconds = milliseconds
        self.longestLifetimeMilliseconds = Int64(longestLifetime / .milliseconds(1))
        self.clock = clock
    }

    /// For access tokens of one issuer.
    public init(
        keys: any KeySource, issuer: String, audience: String, leeway: Duration = .zero, clock: WallClock = .system
    ) {
        self.init(
            issuers: [TrustedIssuer(name: issuer, audience: audience, keys: keys)], leeway: leeway, clock: clock)
    }

    public func verify(
        _ token: String, kinds: Set<TokenClaims.Kind>
    ) async throws(TokenRejection) -> TokenClaims {
        // A longer one was never accepted.
        let table = token.utf8.count <= Self.maximumTokenBytes ? verifiedTokens : nil
        let digest = table?.digest(of: token)
        if let table, let digest, let claims = try await recall(digest, from: table, kinds) { return claims }
        let parts = try TokenParts(token)
        let issuer = try issuer(of: parts)
        let kind = try issuer.kind(of: parts.header, among: kinds)
        let profile = issuer.profile(of: kind)
        let keys = try await issuer.keys.keys(for: parts.header.kid)
        let token = try verified(parts, profile, issuer, try await signer(of: parts, keys, issuer))
        let claims = try token.claims(kind)
        try check(token.times, as: profile.times, from: issuer)
        if let table, let digest { table.insert(.init(token, claims, kid: parts.header.kid), digest) }
        return claims
    }

    /// - Returns: nil for a token that has to be verified.
    private func recall(
        _ digest: VerifiedTokenTable.Digest, from table: VerifiedTokenTable, _ kinds: Set<TokenClaims.Kind>
    ) async throws(TokenRejection) -> TokenClaims? {
        guard let known = table[digest], kinds.contains(known.claims.kind) else { return nil }
        guard try await known.issuer.keys.keys(for: known.kid).hold(known.signer, for: known.kid) else {
            table.remove(digest)
            return nil
        }
        do throws(TokenRejection) { try check(known.times, as: .untilExpiry, from: known.issuer) } catch {
            if error.code == .expired { table.remove(digest) }
            throw error
        }
        return known.claims
    }

    /// Verifies a token of another use. One of another issuer or for another audience is refused before a key is read:
    /// its issuer may send it here for a stranger, who pays nothing for it.
    /// - Parameter profile: what a token of an issuer has to be; nil for an issuer that sends none of this use.
    /// - Throws: ``TokenRejection``. ``TokenRejection/Code/keysUnavailable`` also if its key is unknown here, and the
    ///   issuer could not be asked since this call began.
    package func verify(
        _ token: String, as profile: (TrustedIssuer) -> TokenProfile?
    ) async throws(TokenRejection) -> VerifiedToken {
        let parts = try TokenParts(token)
        let issuer = try issuer(of: parts)
        guard let profile = profile(issuer) else { throw .otherIssuer }
        guard profile.types.contains(parts.header.type) else { throw .otherUse }
        try parts.claims(profile).checkAudience(against: profile)
        let name = parts.header.kid
        let keys = try await issuer.keys.keys(for: name) { $0.contains(name) }
        let signer = try await signer(of: parts, keys, issuer)
        let token = try verified(parts, profile, issuer, signer)
        try check(token.times, as: profile.times, from: issuer)
        return token
    }

    /// Verifies a token to be revoked: its signature and its audience. Its times do not matter. An expired token may
    /// have a session that continues. A token that this clock takes for one of the future may pass elsewhere, or here
    /// later.
    /// - Throws: ``TokenRejection``. ``TokenRejection/Code/keysUnavailable`` also if its key is unknown here, and the
    ///   issuer could not be asked since this call began.
    public func genuine(_ token: String) async throws(TokenRejection) -> GenuineToken {
        let parts = try TokenParts(token)
        let issuer = try issuer(of: parts)
        let kind = try issuer.kind(of: parts.header, among: issuer.kinds)
        let keys = try await issuer.keys.keys(for: parts.header.kid) { (try? $0.signer(of: parts)) != nil }
        let key: VerificationKeys.Key
        do throws(TokenRejection) { key = try keys.signer(of: parts) } catch {
            if hasLongExpired(parts) { throw TokenRejection(error.code, error.message, isFinal: true) }
            guard !issuer.keys.asksIssuer, mayFitElsewhere(parts.header.kid, error, keys) else { throw error }
            throw TokenRejection(
                .keysUnavailable, "the token is signed with a key that this server does not have, but another one may")
        }
        return GenuineToken(
            try verified(parts, issuer.profile(of: kind), issuer, key).claims(kind, authenticatedAt: nil))
    }

    private func signer(
        of parts: TokenParts, _ keys: VerificationKeys, _ issuer: TrustedIssuer
    ) async throws(TokenRejection) -> VerificationKeys.Key {
        do throws(TokenRejection) { return try keys.signer(of: parts) } catch {
            // An issuer that names its keys alike, or not at all, may have another one by now.
            guard error.code == .badSignature, issuer.keys.asksIssuer,
                let newer = try? await issuer.keys.keys(for: parts.header.kid, until: { _ in false })
            else { throw error }
            return try newer.signer(of: parts)
        }
    }

    /// Whether another server may have a key that this one lacks: its key file may be a newer one. A thumbprint is the
    /// name of one key only.
    private func mayFitElsewhere(_ kid: String?, _ rejection: TokenRejection, _ keys: VerificationKeys) -> Bool {
        guard let kid else { return true }
        return rejection.code == .unknownKey || rejection.code == .badSignature && !keys.areUnique(kid)
    }

    /// Whether a token has expired everywhere, whichever key signed it: no clock stays wrong by more than a day.
    private func hasLongExpired(_ parts: TokenParts) -> Bool {
        let payload = try? parts.claims(TokenProfile(types: [], audiences: []))
        return payload?.expiresAt.map { $0 + 86_400_000 < clock.now } ?? false
    }

    private func issuer(of parts: TokenParts) throws(TokenRejection) -> TrustedIssuer {
        guard !parts.header.hasCriticalExtensions else {
            throw TokenRejection(
                .unsupportedExtension, "the token needs an extension that is not supported", isFinal: true)
        }
        guard let name = try parts.issuer(), let issuer = issuers[ExactString(name)] else { throw .otherIssuer }
        return issuer
    }

    /// - Precondition: `key` has signed the token.
    private func verified(
        _ parts: TokenParts, _ profile: TokenProfile, _ issuer: TrustedIssuer, _ key: VerificationKeys.Key
    ) throws(TokenRejection) -> VerifiedToken {
        let payload = try parts.claims(profile)
        try payload.check(against: profile)
        return VerifiedToken(issuer: issuer, signer: key, payload: payload, json: parts.payload)
    }
}
