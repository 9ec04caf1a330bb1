import Foundation

/// A token as it travels, and the claims that its answers are judged by.
struct TokenText: Sendable, Equatable {
    let bytes: [UInt8]
    /// `jti`
    let identifier: String
    /// `sid`
    let session: String
    /// `sub`
    let subject: String
    /// `client_id`
    let client: String
    /// `kid`
    let key: String
    /// `auth_time`, or `iat` where there is none, Unix milliseconds.
    let logInTime: Int64
    /// `exp`, Unix seconds.
    let expiresAt: Int64

    private struct Header: Decodable {
        let kid: String
    }

    private struct Claims: Decodable {
        let jti: String
        let sid: String
        let sub: String
        let client: String
        let iat: Double
        let authTime: Double?
        let exp: Int64

        private enum CodingKeys: String, CodingKey {
            case jti, sid, sub, iat, exp
            case client = "client_id"
            case authTime = "auth_time"
        }
    }

    /// - Returns: nil if it is no JWT with all of these.
    init?(_ token: String) {
        let parts = token.split(separator: ".")
        guard parts.count == 3, let header: Header = Self.decode(parts[0]), let claims: Claims = Self.decode(parts[1])
        else { return nil }
        self.init(
            bytes: Array(token.utf8), identifier: claims.jti, session: claims.sid, subject: claims.sub,
            client: claims.client, key: header.kid,
            logInTime: Int64(((claims.authTime ?? claims.iat) * 1000).rounded()), expiresAt: claims.exp)
    }

    init(
        bytes: [UInt8], identifier: String, session: String, subject: String, client: String, key: String,
        logInTime: Int64, expiresAt: Int64
    ) {
        self.bytes = bytes
        self.identifier = identifier
        self.session = session
        self.subject = subject
        self.client = client
        self.key = key
        self.logInTime = logInTime
        self.expiresAt = expiresAt
    }

    private static func decode<Part: Decodable>(_ text: Substring) -> Part? {
        var text = String(text).replacing("-", with: "+").replacing("_", with: "/")
        text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text).flatMap { try? JSONDecoder().decode(Part.self, from: $0) }
    }
}
