public import Contract
import Foundation
import JWTKit

/// Turns a bearer token into verified claims, or refuses it.
public protocol TokenVerifying: Sendable {
    /// - Throws: ``TokenRejection``. Looks nothing up in the denylist.
    func verify(_ token: String) async throws(TokenRejection) -> TokenClaims
}

/// Verifies access tokens as RFC 9068 §4 says: size, header, signature, issuer, audience, times, in this order.
public struct AccessTokenVerifier: TokenVerifying {
    /// A longer token is refused unread.
    public static let maximumTokenBytes = 8192
    /// How far ahead `iat` may lie: two clocks, each off by the most that is allowed.
    private static let maximumLeadMilliseconds = 2 * Limits.maximumSkewMilliseconds

    private let keys: VerificationKeys
    private let issuer: String
    private let audience: String
    private let leewayMilliseconds: Int64
    private let clock: WallClock

    /// - Parameter leeway: 0 to 60 s, how long after `exp` a token is still accepted.
    /// - Precondition: a longer leeway is a mistake of the program: revocations are not kept for it (``Limits/marginMilliseconds``).
    public init(
        keys: VerificationKeys, issuer: String, audience: String, leeway: Duration = .zero, clock: WallClock = .system
    ) {
        let milliseconds = Int64(leeway / .milliseconds(1))
        precondition((0...Limits.maximumLeewayMilliseconds).contains(milliseconds), "the leeway is 0 to 60 seconds")
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
        self.leewayMilliseconds = milliseconds
        self.clock = clock
    }

    public func verify(_ token: String) throws(TokenRejection) -> TokenClaims {
        try verify(token, acceptingExpired: false)
    }

    /// - Parameter acceptingExpired: for logging out, which an expired but genuine token may do.
    public func verify(_ token: String, acceptingExpired: Bool) throws(TokenRejection) -> TokenClaims {
        guard token.utf8.count <= Self.maximumTokenBytes else {
            throw TokenRejection(.oversized, "the token is longer than \(Self.maximumTokenBytes) bytes")
        }
        let payload = try signedPayload(of: Array(token.utf8))
        guard payload.iss == issuer else { throw TokenRejection(.wrongIssuer, "the token is from another issuer") }
        guard payload.aud?.names(audience) == true else {
            throw TokenRejection(.wrongAudience, "the token is for another audience")
        }
        try checkTimes(of: payload, acceptingExpired: acceptingExpired)
        return TokenClaims(
            kind: .access, issuer: issuer, subject: payload.sub, session: payload.sid, identifier: payload.jti,
            client: payload.clientIdentifier, issuedAt: payload.iat?.milliseconds, expiresAt: payload.exp?.milliseconds)
    }

    /// The payload, read only after its signature has been checked with the algorithm of the key that `kid` names.
    private func signedPayload(of token: [UInt8]) throws(TokenRejection) -> TokenPayload {
        let segments = token.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard segments.count == 3, let signature = Base64URL.decode(segments[2]) else {
            throw TokenRejection(.malformed, "the token is not a signed JWT")
        }
        let header: TokenHeader = try Self.decode(segments[0], "the token's header cannot be read")
        guard header.isAccessToken else { throw TokenRejection(.wrongType, "the token is not an access token") }
        guard !header.hasCriticalExtensions else {
            throw TokenRejection(.unsupportedExtension, "the token needs an extension that is not supported")
        }
        guard let identifier = header.kid, let algorithm = keys.algorithm(for: identifier) else {
            throw TokenRejection(.unknownKey, "the token is signed with an unknown key")
        }
        guard header.alg == algorithm.name else {
            throw TokenRejection(.wrongAlgorithm, "the token names another algorithm than its key has")
        }
        guard (try? algorithm.verify(signature, signs: token[..<segments[1].endIndex])) == true else {
            throw TokenRejection(.badSignature, "the token's signature is wrong")
        }
        return try Self.decode(segments[1], "the token's claims cannot be read")
    }

    private func checkTimes(of payload: TokenPayload, acceptingExpired: Bool) throws(TokenRejection) {
        let now = clock.now
        guard let expiry = payload.exp?.milliseconds else {
            throw TokenRejection(.withoutExpiry, "the token has no expiry")
        }
        guard acceptingExpired || now < expiry + leewayMilliseconds else {
            throw TokenRejection(.expired, "the token has expired")
        }
        if let notBefore = payload.nbf?.milliseconds, now + leewayMilliseconds < notBefore {
            throw TokenRejection(.notYetValid, "the token is not valid yet")
        }
        if let issuedAt = payload.iat?.milliseconds, now + Self.maximumLeadMilliseconds < issuedAt {
            throw TokenRejection(.notYetValid, "the token was issued in the future")
        }
    }

    private static func decode<Value: Decodable>(
        _ segment: ArraySlice<UInt8>, _ complaint: String
    ) throws(TokenRejection) -> Value {
        guard let data = Base64URL.decode(segment), let value = try? JSONDecoder().decode(Value.self, from: data) else {
            throw TokenRejection(.malformed, complaint)
        }
        return value
    }
}
