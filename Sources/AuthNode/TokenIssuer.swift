import Contract
import Foundation
import JWTKit
import RevocationHTTP

/// Mints access tokens (RFC 9068 §2): ES256 or EdDSA, `typ` at+jwt.
struct TokenIssuer: Sendable {
    private let issuer: String
    private let audience: String
    private let client: String
    private let lifetime: Duration
    private let clock: WallClock
    private let keyIdentifier: String
    private let signer: JWTKeyCollection

    init(_ settings: NodeSettings, key: SigningKey, clock: WallClock) async throws {
        issuer = settings.issuer
        audience = settings.audience
        client = settings.client
        lifetime = settings.accessTokenLifetime
        self.clock = clock
        keyIdentifier = key.publicKey.identifier
        signer = try await key.signer()
    }

    /// A signed token and what is in it.
    struct IssuedToken {
        let text: String
        let claims: TokenClaims
        /// In seconds.
        let lifetime: Int64
    }

    /// A token of a new session.
    func issue(to subject: String) async throws -> IssuedToken {
        let issuedAt = clock.now
        // Whole seconds, as every verifier reads them; rounded up, the token is never shorter-lived than it says.
        let expiresAt = (issuedAt + Int64(lifetime / .milliseconds(1)) + 999) / 1000
        let payload = Payload(
            iss: issuer, aud: audience, sub: subject, sid: Self.identifier(), jti: Self.identifier(), client: client,
            iat: Double(issuedAt) / 1000, exp: expiresAt)
        let text = try await signer.sign(
            payload, kid: JWKIdentifier(string: keyIdentifier),
            header: ["typ": .string(TokenClaims.Kind.access.rawValue)])
        let claims = TokenClaims(
            kind: .access, issuer: issuer, subject: subject, session: payload.sid, identifier: payload.jti,
            client: client, issuedAt: issuedAt, expiresAt: expiresAt * 1000)
        return IssuedToken(text: text, claims: claims, lifetime: lifetime.components.seconds)
    }

    private static func identifier() -> String { UUID().uuidString.lowercased() }

    private struct Payload: JWTPayload {
        let iss: String
        let aud: String
        let sub: String
        let sid: String
        let jti: String
        let client: String
        /// Seconds with milliseconds behind the point.
        let iat: Double
        let exp: Int64

        private enum CodingKeys: String, CodingKey {
            case iss, aud, sub, sid, jti, iat, exp
            case client = "client_id"
        }

        /// Only ever signed here; ``RevocationHTTP/AccessTokenVerifier`` verifies.
        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }
}
