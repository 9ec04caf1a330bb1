import Contract

/// The claims that verification and revocation look at (RFC 7519 §4.1, RFC 9068 §2.2).
struct TokenPayload: Decodable {
    let iss: String?
    let aud: Audience?
    let sub: String?
    let sid: String?
    let jti: String?
    let clientIdentifier: String?
    let iat: NumericDate?
    let nbf: NumericDate?
    let exp: NumericDate?
    let authenticatedAt: Leniently<NumericDate>?

    private enum CodingKeys: String, CodingKey {
        case iss, aud, sub, sid, jti, iat, nbf, exp
        case clientIdentifier = "client_id"
        case authenticatedAt = "auth_time"
    }

    /// A claim that only some issuers' tokens are judged by: of the others anything may stand there.
    struct Leniently<Value: Decodable>: Decodable {
        /// nil if it is no such value.
        let value: Value?

        init(from decoder: any Decoder) throws { value = try? Value(from: decoder) }
    }

    /// One name or an array of them.
    struct Audience: Decodable {
        private let names: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let name = try? container.decode(String.self) {
                names = [name]
            } else {
                names = try container.decode([String].self)
            }
        }

        func names(_ audience: String) -> Bool { names.contains { $0.isExactly(audience) } }
    }
}
