import Contract
import Foundation
import JWTKit

/// Mints pairs of an access token (RFC 9068 §2: `typ` at+jwt) and a refresh token (`typ` rt+jwt).
struct TokenIssuer: Sendable {
    private let settings: NodeSettings
    private let keys: KeyRing

    init(_ settings: NodeSettings, keys: KeyRing) {
        self.settings = settings
        self.keys = keys
    }

    /// Whose log-in a pair belongs to.
    struct Login: Sendable {
        let subject: String
        /// `sid`
        let session: String
    }

    /// The claims that an access token is about to have, for the denylist to say when it is issued.
    func draft(_ login: Login) -> TokenClaims {
        TokenClaims(
            kind: .access, issuer: settings.issuer, subject: login.subject, session: login.session,
            identifier: Self.identifier(), client: settings.client)
    }

    /// - Parameter access: the `jti` of the access token.
    /// - Parameter refresh: the `jti` of the refresh token, another one.
    /// - Parameter issuedAt: `iat` of both, Unix milliseconds on the store's clock.
    func pair(
        _ login: Login, access: String = Self.identifier(), refresh: String = Self.identifier(), issuedAt: Int64
    ) async throws -> TokenPair {
        let milliseconds = { (duration: Duration) in Int64(duration / .milliseconds(1)) }
        // Whole seconds, as every verifier reads them. Rounded up, an access token is never shorter-lived than it says;
        // rounded down, a refresh token does not outlive its session's revocation.
        let accessExpiry = (issuedAt + milliseconds(settings.accessTokenLifetime) + 999) / 1000
        let refreshExpiry = (issuedAt + milliseconds(settings.refreshTokenLifetime)) / 1000
        return TokenPair(
            access: try await sign(
                .access, login, identifier: access, audience: settings.audience, issuedAt, accessExpiry),
            refresh: try await sign(
                .refresh, login, identifier: refresh, audience: settings.issuer, issuedAt, refreshExpiry),
            accessLifetime: settings.accessTokenLifetime.components.seconds,
            refreshLifetime: settings.refreshTokenLifetime.components.seconds)
    }

    private func sign(
        _ kind: TokenClaims.Kind, _ login: Login, identifier: String, audience: String, _ issuedAt: Int64,
        _ expiry: Int64
    ) async throws -> String {
        let payload = Payload(
            iss: settings.issuer, aud: audience, sub: login.subject, sid: login.session, jti: identifier,
            client: settings.client, iat: Double(issuedAt) / 1000, exp: expiry)
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
        /// Seconds with milliseconds behind the point.
        let iat: Double
        let exp: Int64

        private enum CodingKeys: String, CodingKey {
            case iss, aud, sub, sid, jti, iat, exp
            case client = "client_id"
        }

        /// Only ever signed here; ``RevocationHTTP/TokenVerifier`` verifies.
        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }
}
