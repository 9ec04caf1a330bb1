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
    /// `iat`, Unix milliseconds.
    let issuedAt: Int64
    /// `exp`, Unix seconds.
    let expiresAt: Int64

    private struct Claims: Decodable {
        let jti: String
        let sid: String
        let sub: String
        let iat: Double
        let exp: Int64
    }

    /// - Returns: nil if it is no JWT with `jti`, `sid`, `iat` and `exp`.
    init?(_ token: String) {
        let parts = token.split(separator: ".")
        guard parts.count == 3 else { return nil }
        var payload = String(parts[1]).replacing("-", with: "+").replacing("_", with: "/")
        payload += String(repeating: "=", count: (4 - payload.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: payload), let claims = try? JSONDecoder().decode(Claims.self, from: data)
        else { return nil }
        self.init(
            bytes: Array(token.utf8), identifier: claims.jti, session: claims.sid, subject: claims.sub,
            issuedAt: Int64((claims.iat * 1000).rounded()), expiresAt: claims.exp)
    }

    init(bytes: [UInt8], identifier: String, session: String, subject: String, issuedAt: Int64, expiresAt: Int64) {
        self.bytes = bytes
        self.identifier = identifier
        self.session = session
        self.subject = subject
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}
