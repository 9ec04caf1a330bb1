public import Contract
import Foundation
import JWTKit

/// Verifies tokens as RFC 9068 §4 says: size, header, issuer, signature, audience, times, in this order.
public struct TokenVerifier: TokenVerifying {
    /// A longer token is refused unread.
    public static let maximumTokenBytes = 8192
    private let issuers: [String: TrustedIssuer]
    private let leewayMilliseconds: Int64
    private let longestLifetimeMilliseconds: Int64
    private let clock: WallClock

    /// - Parameter issuers: each with a name of its own.
    /// - Parameter leeway: 0 to 60 s, how long after `exp` a token is still accepted.
    /// - Parameter longestLifetime: a token whose `exp` is later than that after its `iat` is refused for good: the revocation
    ///   of its session or subject would end before it does (`RevocationConfiguration.longestRefreshLifetime`).
    /// - Precondition: a longer leeway is a mistake of the program: revocations are not kept for it (``Limits/marginMilliseconds``).
    public init(
        issuers: [TrustedIssuer], leeway: Duration = .zero, longestLifetime: Duration = .seconds(30 * 86_400),
        clock: WallClock = .system
    ) {
        let milliseconds = Int64(leeway / .milliseconds(1))
        precondition((0...Limits.maximumLeewayMilliseconds).contains(milliseconds), "the leeway is 0 to 60 seconds")
        let leads = Duration.zero...Duration.milliseconds(Limits.maximumIssuerLeadMilliseconds)
        precondition(issuers.allSatisfy { leads.contains($0.lead) }, "an issuer's lead is 0 to 30 seconds")
        precondition(Set(issuers.map(\.name)).count == issuers.count, "an issuer is named twice")
        self.issuers = Dictionary(uniqueKeysWithValues: issuers.map { ($0.name, $0) })
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
        _ token: String, kinds: Set<TokenClaims.Kind>, acceptingExpired: Bool
    ) async throws(TokenRejection) -> TokenClaims {
        let parts = try TokenParts(token)
        guard let kind = parts.header.kind, kinds.contains(kind) else {
            throw TokenRejection(.wrongType, "the token is not of the kind that is due here")
        }
        guard !parts.header.hasCriticalExtensions else {
            throw TokenRejection(.unsupportedExtension, "the token needs an extension that is not supported")
        }
        // Says only whose keys to look at; nothing else of the claims is read before the signature has been checked.
        let named: NamedIssuer = try TokenParts.decode(parts.payload, "the token's claims cannot be read")
        guard let name = named.iss, let issuer = issuers[name], issuer.kinds.contains(kind) else {
            throw TokenRejection(.wrongIssuer, "the token is from another issuer")
        }
        let key = try await checkSignature(of: parts, from: issuer)
        let payload: TokenPayload = try TokenParts.decode(parts.payload, "the token's claims cannot be read")
        guard payload.aud?.names(issuer.audience(of: kind)) == true else {
            throw TokenRejection(.wrongAudience, "the token is for another audience")
        }
        let authenticatedAt = try authenticationTime(of: payload, from: issuer)
        try checkTimes(of: payload, authenticatedAt, from: issuer, acceptingExpired: acceptingExpired)
        return TokenClaims(
            kind: kind, issuer: name, subject: payload.sub, session: payload.sid, identifier: payload.jti,
            client: payload.clientIdentifier, key: key, issuedAt: payload.iat?.milliseconds,
            authenticatedAt: authenticatedAt, expiresAt: payload.exp?.milliseconds)
    }

    private struct NamedIssuer: Decodable {
        let iss: String?
    }

    /// With the algorithm of the key that `kid` names.
    /// - Returns: the key's name: its `kid`, or its thumbprint if it has none.
    private func checkSignature(
        of token: TokenParts, from issuer: TrustedIssuer
    ) async throws(TokenRejection) -> String {
        let keys = try await issuer.keys.keys(for: token.header.kid)
        guard !keys.candidates(for: token.header.kid).isEmpty else {
            throw TokenRejection(.unknownKey, "the token is signed with an unknown key")
        }
        let candidates = keys.candidates(for: token.header.kid, algorithm: token.header.alg ?? "")
        guard !candidates.isEmpty else {
            throw TokenRejection(.wrongAlgorithm, "the token names another algorithm than its key has")
        }
        let signer = candidates.first { (try? $0.algorithm.verify(token.signature, signs: token.signed)) == true }
        guard let signer else { throw TokenRejection(.badSignature, "the token's signature is wrong") }
        return signer.identifier
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
        of payload: TokenPayload, _ authenticatedAt: Int64?, from issuer: TrustedIssuer, acceptingExpired: Bool
    ) throws(TokenRejection) {
        let now = clock.now
        let lead = Int64(issuer.lead / .milliseconds(1))
        guard let expiry = payload.exp?.milliseconds else {
            throw TokenRejection(.withoutExpiry, "the token has no expiry")
        }
        guard acceptingExpired || now < expiry + leewayMilliseconds else {
            throw TokenRejection(.expired, "the token has expired")
        }
        try checkLifetime(until: expiry, since: payload.iat?.milliseconds, from: issuer, now: now, lead: lead)
        if let notBefore = payload.nbf?.milliseconds, now + leewayMilliseconds < notBefore {
            throw TokenRejection(.notYetValid, "the token is not valid yet")
        }
        guard (payload.iat?.milliseconds ?? 0) <= now + lead, (authenticatedAt ?? 0) <= now + lead else {
            throw TokenRejection(.notYetValid, "the token was issued in the future")
        }
    }

    /// A token that lives for longer than revocations are kept is refused for good, not only until it has aged: by then
    /// its revocation may have ended.
    private func checkLifetime(
        until expiry: Int64, since issuedAt: Int64?, from issuer: TrustedIssuer, now: Int64, lead: Int64
    ) throws(TokenRejection) {
        let kept = issuer.longestLifetime.map { Int64($0 / .milliseconds(1)) } ?? longestLifetimeMilliseconds
        let longest = issuer.lifetime.map { min(Int64($0 / .milliseconds(1)), kept) } ?? kept
        guard let issuedAt else {
            guard issuer.lifetime != nil else {
                throw TokenRejection(.withoutIssueTime, "the token does not say when it was issued")
            }
            // The issuer's word stands for what the token does not say.
            guard expiry - now <= longest + lead else {
                throw TokenRejection(.tooLongLived, "the token lives for longer than its issuer's tokens do")
            }
            return
        }
        guard expiry - issuedAt <= longest else {
            throw TokenRejection(.tooLongLived, "the token lives for longer than revocations are kept")
        }
    }
}
