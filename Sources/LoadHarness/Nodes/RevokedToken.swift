/// A revoked token, as the store knows it.
struct RevokedToken: Sendable {
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
}
