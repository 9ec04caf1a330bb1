import Contract
import Foundation
import JSON

/// A token of a trusted issuer whose signature and claims have been checked against a profile.
package struct VerifiedToken: Sendable {
    package let issuer: TrustedIssuer
    let signer: VerificationKeys.Key
    package let payload: TokenPayload
    private let json: Data

    /// The key that signed it: its `kid`, or its thumbprint.
    package var key: String { signer.identifier }

    init(issuer: TrustedIssuer, signer: VerificationKeys.Key, payload: TokenPayload, json: Data) {
        self.issuer = issuer
        self.signer = signer
        self.payload = payload
        self.json = json
    }

    /// Reads claims that the payload has no member for.
    /// - Throws: ``TokenRejection/Code/malformed``.
    package func decode<Claims: Decodable>(_ type: Claims.Type = Claims.self) throws(TokenRejection) -> Claims {
        do { return try StrictJSON.decode(from: json) } catch { throw .unreadableClaims }
    }

    /// - Throws: ``TokenRejection/Code/malformed`` if the issuer's `auth_time` counts and is no time.
    func claims(_ kind: TokenClaims.Kind) throws(TokenRejection) -> TokenClaims {
        guard issuer.usesAuthenticationTime else { return claims(kind, authenticatedAt: nil) }
        guard !payload.authenticationTimeIsMalformed else { throw .unreadableClaims }
        return claims(kind, authenticatedAt: payload.authenticatedAt)
    }

    func claims(_ kind: TokenClaims.Kind, authenticatedAt: Int64?) -> TokenClaims {
        TokenClaims(
            kind: kind, issuer: issuer.name, subject: payload.subject, session: payload.session,
            identifier: payload.identifier, client: payload.client, key: key, issuedAt: payload.issuedAt,
            authenticatedAt: authenticatedAt, expiresAt: payload.expiresAt)
    }
}
