public import Contract
import Foundation
import JWTKit

/// Verifies tokens as RFC 9068 §4 says: size, header, issuer, signature, audience, times, in this order.
public struct TokenVerifier: TokenVerifying {
    /// A longer token is refused unread.
    public static let maximumTokenBytes = 8192
    private let issuers: [ExactString: TrustedIssuer]
    private let leewayMilliseconds: Int64
    private let longestLifetimeMilliseconds: Int64
    private let clock: WallClock

    /// - Parameter issuers: each with a name of its own.
    /// - Parameter leeway: 0 to 60 s, how long after `exp` a token is still accepted.
    /// - Parameter longestLifetime: bounds a token without `iat` beside the lifetime of its issuer, which the terms of
    ///   the denylist have to cover. Any other token is judged by the terms themselves, when it is looked up.
    /// - Precondition: a longer leeway is a mistake of the program: revocations are not kept for it
    ///   (``Limits/marginMilliseconds``).
    public init(
        issuers: [TrustedIssuer], leeway: Duration = .zero, longestLifetime: Duration = .seconds(30 * 86_400),
        clock: WallClock = .system
    ) {
        let milliseconds = Int64(leeway / .milliseconds(1))
        precondition((0...Limits.maximumLeewayMilliseconds).contains(milliseconds), "the leeway is 0 to 60 seconds")
        let leads = Duration.zero...Duration.milliseconds(Limits.maximumIssuerLeadMilliseconds)
        precondition(issuers.allSatisfy { leads.contains($0.lead) }, "an issuer's lead is 0 to 30 seconds")
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
        let parts = try TokenParts(token)
        guard let kind = parts.header.kind, kinds.contains(kind) else {
            throw TokenRejection(.wrongType, "the token is not of the kind that is due here")
        }
        let issuer = try issuer(of: parts, kind)
        let key = try await issuer.keys.keys(for: parts.header.kid).signer(of: parts)
        let payload = try payload(of: parts, kind, from: issuer)
        let authenticatedAt = try authenticationTime(of: payload, from: issuer)
        try checkTimes(of: payload, authenticatedAt, from: issuer)
        return claims(payload, kind, issuer, key, authenticatedAt)
    }

    /// Verifies a token that is to be ended: who has signed it, and for whom. Its times do not matter. A token that has
    /// expired may have a session that goes on; one that this machine's clock takes for one from the future passes
    /// elsewhere, and here in a while.
    /// - Throws: ``TokenRejection``; ``TokenRejection/Code/keysUnavailable`` also if its key is not known here and
    ///   could not be asked for since this call began.
    public func genuine(_ token: String) async throws(TokenRejection) -> GenuineToken {
        let parts = try TokenParts(token)
        guard let kind = parts.header.kind else {
            throw TokenRejection(.wrongType, "the token is neither an access token nor a refresh token")
        }
        let issuer = try issuer(of: parts, kind)
        let keys = try await issuer.keys.keys(for: parts.header.kid) { (try? $0.signer(of: parts)) != nil }
        let key: String
        do throws(TokenRejection) { key = try keys.signer(of: parts) } catch {
            // A key of this name that does not fit has signed it nowhere.
            guard !issuer.keys.asksIssuer, parts.header.kid == nil || error.code == .unknownKey,
                !hasLongExpired(parts)
            else { throw error }
            throw TokenRejection(
                .keysUnavailable, "the token is signed with a key that this server has not: another one may have it")
        }
        return GenuineToken(claims(try payload(of: parts, kind, from: issuer), kind, issuer, key, nil))
    }

    /// Whether a token has expired everywhere, whoever has signed it: no clock is wrong by more than a day for long.
    private func hasLongExpired(_ parts: TokenParts) -> Bool {
        let payload: TokenPayload? = try? TokenParts.decode(parts.payload, "")
        return payload?.exp.map { $0.milliseconds + 86_400_000 < clock.now } ?? false
    }

    private struct NamedIssuer: Decodable {
        let iss: String?
    }

    private func issuer(of parts: TokenParts, _ kind: TokenClaims.Kind) throws(TokenRejection) -> TrustedIssuer {
        guard !parts.header.hasCriticalExtensions else {
            throw TokenRejection(.unsupportedExtension, "the token needs an extension that is not supported")
        }
        // Says only whose keys to look at; nothing else of the claims is read before the signature has been checked.
        let named: NamedIssuer = try TokenParts.decode(parts.payload, "the token's claims cannot be read")
        guard let name = named.iss, let issuer = issuers[ExactString(name)], issuer.kinds.contains(kind) else {
            throw TokenRejection(.wrongIssuer, "the token is from another issuer")
        }
        return issuer
    }

    /// Of a token whose signature has been checked.
    private func payload(
        of parts: TokenParts, _ kind: TokenClaims.Kind, from issuer: TrustedIssuer
    ) throws(TokenRejection) -> TokenPayload {
        let payload: TokenPayload = try TokenParts.decode(parts.payload, "the token's claims cannot be read")
        guard payload.aud?.names(issuer.audience(of: kind)) == true else {
            throw TokenRejection(.wrongAudience, "the token is for another audience")
        }
        return payload
    }

    private func claims(
        _ payload: TokenPayload, _ kind: TokenClaims.Kind, _ issuer: TrustedIssuer, _ key: String,
        _ authenticatedAt: Int64?
    ) -> TokenClaims {
        TokenClaims(
            kind: kind, issuer: issuer.name, subject: payload.sub, session: payload.sid, identifier: payload.jti,
            client: payload.clientIdentifier, key: key, issuedAt: payload.iat?.milliseconds,
            authenticatedAt: authenticatedAt, expiresAt: payload.exp?.milliseconds)
    }

    private func authenticationTime(
        of payload: TokenPayload, from issuer: TrustedIssuer
    ) throws(TokenRejection) -> Int64? {
        guard issuer.usesAuthenticationTime, let claim = payload.authenticatedAt else { return nil }
        guard let date = claim.value else {
            throw TokenRejection(.malformed, "the token's claims cannot be read")
        }
        return date.milliseconds
    }

    private func checkTimes(
        of payload: TokenPayload, _ authenticatedAt: Int64?, from issuer: TrustedIssuer
    ) throws(TokenRejection) {
        let now = clock.now
        let lead = Int64(issuer.lead / .milliseconds(1))
        guard let expiry = payload.exp?.milliseconds else {
            throw TokenRejection(.withoutExpiry, "the token has no expiry")
        }
        guard now < expiry + leewayMilliseconds else { throw TokenRejection(.expired, "the token has expired") }
        try checkLifetime(until: expiry, since: payload.iat?.milliseconds, from: issuer, now: now, lead: lead)
        if let notBefore = payload.nbf?.milliseconds, now + leewayMilliseconds < notBefore {
            throw TokenRejection(.notYetValid, "the token is not valid yet")
        }
        guard (payload.iat?.milliseconds ?? 0) <= now + lead, (authenticatedAt ?? 0) <= now + lead else {
            throw TokenRejection(.notYetValid, "the token was issued in the future")
        }
    }

    /// A token that lives for longer than its issuer's do is refused for good, not only until it has aged. Whether its
    /// revocation would be kept for so long the denylist's terms say: other nodes may mint for longer than this one.
    private func checkLifetime(
        until expiry: Int64, since issuedAt: Int64?, from issuer: TrustedIssuer, now: Int64, lead: Int64
    ) throws(TokenRejection) {
        let lifetime = issuer.lifetime.map { Int64($0 / .milliseconds(1)) }
        guard let issuedAt else {
            guard let lifetime else {
                throw TokenRejection(.withoutIssueTime, "the token does not say when it was issued")
            }
            // The issuer's word stands for what the token does not say.
            guard expiry - now <= min(lifetime, longestLifetimeMilliseconds) + lead else { throw Self.tooLongLived }
            return
        }
        let longest = lifetime ?? issuer.longestLifetime.map { Int64($0 / .milliseconds(1)) }
        guard let longest, expiry - issuedAt > longest else { return }
        throw Self.tooLongLived
    }

    private static let tooLongLived = TokenRejection(
        .tooLongLived, "the token lives for longer than its issuer's tokens do")
}

extension VerificationKeys {
    /// With the algorithm of the key that `kid` names.
    /// - Returns: the key's name: its `kid`, or its thumbprint if it has none.
    fileprivate func signer(of token: TokenParts) throws(TokenRejection) -> String {
        guard !candidates(for: token.header.kid).isEmpty else {
            throw TokenRejection(.unknownKey, "the token is signed with an unknown key")
        }
        let candidates = candidates(for: token.header.kid, algorithm: token.header.alg ?? "")
        guard !candidates.isEmpty else {
            throw TokenRejection(.wrongAlgorithm, "the token names another algorithm than its key has")
        }
        let signer = candidates.first { (try? $0.algorithm.verify(token.signature, signs: token.signed)) == true }
        guard let signer else { throw TokenRejection(.badSignature, "the token's signature is wrong") }
        return signer.identifier
    }
}
