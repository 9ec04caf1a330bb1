public import Contract
import Foundation

extension TokenClaims {
    /// The claims that a token states, **without** looking at its signature: for an operator who revokes or looks up a token
    /// at hand, never for letting anything pass.
    /// - Throws: ``TokenRejection`` if it is no JWT whose header and claims can be read.
    public init(unverified token: String) throws(TokenRejection) {
        guard token.utf8.count <= AccessTokenVerifier.maximumTokenBytes else {
            throw TokenRejection(.oversized, "the token is longer than \(AccessTokenVerifier.maximumTokenBytes) bytes")
        }
        let segments = Array(token.utf8).split(
            separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard segments.count == 3, let header: TokenHeader = Self.decode(segments[0]),
            let payload: TokenPayload = Self.decode(segments[1])
        else { throw TokenRejection(.malformed, "the token is not a signed JWT") }
        self.init(
            kind: header.isAccessToken ? .access : .refresh, issuer: payload.iss ?? "", subject: payload.sub,
            session: payload.sid, identifier: payload.jti, client: payload.clientIdentifier,
            issuedAt: payload.iat?.milliseconds, expiresAt: payload.exp?.milliseconds)
    }

    private static func decode<Value: Decodable>(_ segment: ArraySlice<UInt8>) -> Value? {
        Base64URL.decode(segment).flatMap { try? JSONDecoder().decode(Value.self, from: $0) }
    }
}
