public import Contract
import Foundation
import JWTKit

/// Verifies tokens as RFC 9068 §4 says: size, header, issuer, signature, audience, times, in this order.
public struct TokenVerifier: TokenVerifying {
    /// A longer token is refused unread.
    public static let maximumTokenBytes = 8192
    /// How far ahead `iat` may lie: two clocks, each off by the most that is allowed.
    private static let maximumLeadMilliseconds = 2 * Limits.maximumSkewMilliseconds

    private let issuers: [String: TrustedIssuer]
    private let leewayMilliseconds: Int64
    private let longestLifetimeMilliseconds: Int64
    private let clock: WallClock

    /// - Parameter issuers: each with a name of its own.
    /// - Parameter leeway: 0 to 60 s, how long after `exp` a token is still accepted.
    /// - Parameter longestLifetime: a token that is valid for longer than that from now is refused: the revocation of its
    ///   session or subject would end before it does (`RevocationConfiguration.longestRefreshLifetime`).
    /// - Precondition: a longer leeway is a mistake of the program: revocations are not kept for it (``Limits/marginMilliseconds``).
    public init(
        issuers: [TrustedIssuer], leeway: Duration = .zero, longestLifetime: Duration = .seconds(30 * 86_400),
        clock: WallClock = .system
    ) {
        let milliseconds = Int64(leeway / .milliseconds(1))
        precondition((0...Limits.maximumLeewayMilliseconds).contains(milliseconds), "the leeway is 0 to 60 seconds")
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
        try await checkSignature(of: parts, from: issuer)
        let payload: TokenPayload = try TokenParts.decode(parts.payload, "the token's claims cannot be read")
        guard payload.aud?.names(issuer.audience(of: kind)) == true else {
            throw TokenRejection(.wrongAudience, "the token is for another audience")
        }
        try checkTimes(of: payload, acceptingExpired: acceptingExpired)
        return TokenClaims(
            kind: kind, issuer: name, subject: payload.sub, session: payload.sid, identifier: payload.jti,
            client: payload.clientIdentifier, issuedAt: payload.iat?.milliseconds, expiresAt: payload.exp?.milliseconds)
    }

    private struct NamedIssuer: Decodable {
        let iss: String?
    }

    /// With the algorithm of the key that `kid` names.
    private func checkSignature(of token: TokenParts, from issuer: TrustedIssuer) async throws(TokenRejection) {
        guard let identifier = token.header.kid,
            let algorithm = try await issuer.keys.keys(for: identifier).algorithm(for: identifier)
        else {
            throw TokenRejection(.unknownKey, "the token is signed with an unknown key")
        }
        guard token.header.alg == algorithm.name else {
            throw TokenRejection(.wrongAlgorithm, "the token names another algorithm than its key has")
        }
        guard (try? algorithm.verify(token.signature, signs: token.signed)) == true else {
            throw TokenRejection(.badSignature, "the token's signature is wrong")
        }
    }

    private func checkTimes(of payload: TokenPayload, acceptingExpired: Bool) throws(TokenRejection) {
        let now = clock.now
        guard let expiry = payload.exp?.milliseconds else {
            throw TokenRejection(.withoutExpiry, "the token has no expiry")
        }
        guard acceptingExpired || now < expiry + leewayMilliseconds else {
            throw TokenRejection(.expired, "the token has expired")
        }
        // The issuer's clock may be ahead, and an expiry is rounded up to whole seconds.
        guard expiry - now <= longestLifetimeMilliseconds + Self.maximumLeadMilliseconds else {
            throw TokenRejection(.tooLongLived, "the token is valid for longer than revocations are kept")
        }
        if let notBefore = payload.nbf?.milliseconds, now + leewayMilliseconds < notBefore {
            throw TokenRejection(.notYetValid, "the token is not valid yet")
        }
        if let issuedAt = payload.iat?.milliseconds, now + Self.maximumLeadMilliseconds < issuedAt {
            throw TokenRejection(.notYetValid, "the token was issued in the future")
        }
    }
}
