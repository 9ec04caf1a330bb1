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

    private enum CodingKeys: String, CodingKey {
        case iss, aud, sub, sid, jti, iat, nbf, exp
        case clientIdentifier = "client_id"
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

        func names(_ audience: String) -> Bool { names.contains(audience) }
    }
}
