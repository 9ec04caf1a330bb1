import Contract
import Foundation
import JWTKit
import Revocation

/// Mints pairs of an access token (RFC 9068 §2: `typ` at+jwt) and a refresh token (`typ` rt+jwt).
struct TokenIssuer: Sendable {
    private let configuration: NodeConfiguration
    private let keys: KeyRing

    private let revokedKeys: RevokedKeys

    init(_ configuration: NodeConfiguration, keys: KeyRing, revokedKeys: RevokedKeys) {
        self.configuration = configuration
        self.keys = keys
        self.revokedKeys = revokedKeys
    }

    /// Whether the signing key is revoked, as far as known.
    var signsWithRevokedKey: Bool {
        keys.signer.map { revokedKeys.contains($0, of: configuration.issuer) } ?? false
    }

    /// The session of a pair.
    struct Session: Sendable {
        let subject: String
        /// `sid`
        let identifier: String
    }

    /// The times of both tokens of a pair, Unix milliseconds on the store's clock.
    struct Times: Sendable {
        /// `iat`
        let issuedAt: Int64
        /// `auth_time`
        let authenticatedAt: Int64

        /// The times of a new log-in.
        init(logIn time: Int64) {
            issuedAt = time
            authenticatedAt = time
        }

        /// The times of a refresh, which keeps the log-in time.
        init(_ successor: RotationOutcome.Successor) {
            issuedAt = successor.issuedAt
            authenticatedAt = successor.authenticatedAt
        }
    }

    /// The claims of the access token to be issued, from which the denylist finds its time of issue.
    func draft(_ session: Session) -> TokenClaims {
        TokenClaims(
            kind: .access, issuer: configuration.issuer, subject: session.subject, session: session.identifier,
            identifier: Self.identifier(), client: configuration.client, key: keys.signer)
    }

    /// - Parameters:
    ///   - access: the `jti` of the access token.
    ///   - refresh: the `jti` of the refresh token, another one.
    func pair(
        _ session: Session, access: String = Self.identifier(), refresh: String = Self.identifier(), _ times: Times
    ) async throws -> TokenPair {
        let milliseconds = { (duration: Duration) in Int64(duration / .milliseconds(1)) }
        // Whole seconds, as every verifier reads them. Rounded up, an access token never lives shorter than it says.
        // Rounded down, a refresh token does not outlive its session's revocation.
        let accessExpiry = (times.issuedAt + milliseconds(configuration.accessTokenLifetime) + 999) / 1000
        let refreshExpiry = (times.issuedAt + milliseconds(configuration.refreshTokenLifetime)) / 1000
        return TokenPair(
            access: try await sign(
                .access, session, identifier: access, audience: configuration.audience, times, accessExpiry),
            refresh: try await sign(
                .refresh, session, identifier: refresh, audience: configuration.issuer, times, refreshExpiry),
            accessLifetime: configuration.accessTokenLifetime.components.seconds,
            refreshLifetime: configuration.refreshTokenLifetime.components.seconds)
    }

    private func sign(
        _ kind: TokenClaims.Kind, _ session: Session, identifier: String, audience: String, _ times: Times,
        _ expiry: Int64
    ) async throws -> String {
        let payload = Payload(
            iss: configuration.issuer, aud: audience, sub: session.subject, sid: session.identifier, jti: identifier,
            client: configuration.client, iat: Double(times.issuedAt) / 1000,
            authenticatedAt: Double(times.authenticatedAt) / 1000, exp: expiry)
        return try await keys.sign(payload, type: kind.rawValue)
    }

    static func identifier() -> String { UUID().uuidString.lowercased() }

    private struct Payload: JWTPayload {
        let iss: String
        let aud: String
        let sub: String
        let sid: String
        let jti: String
        let client: String
        /// In seconds, with milliseconds after the point.
        let iat: Double
        /// Likewise.
        let authenticatedAt: Double
        let exp: Int64

        private enum CodingKeys: String, CodingKey {
            case iss, aud, sub, sid, jti, iat, exp
            case client = "client_id"
            case authenticatedAt = "auth_time"
        }

        /// Only for signing; ``RevocationHTTP/TokenVerifier`` verifies.
        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }
}
