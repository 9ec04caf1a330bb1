/// A revoked token, as the store knows it.
struct RevokedToken: Sendable {
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
    /// What its keys begin with.
    let prefix: String

    init(_ token: TokenRecord) {
        let text = token.text
        prefix = token.session.issuer.prefix
        identifier = text.identifier
        session = text.session
        subject = text.subject
        client = text.client
        key = text.key
        logInTime = text.logInTime
    }
}
