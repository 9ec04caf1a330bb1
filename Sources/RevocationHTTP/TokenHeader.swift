/// The members of a JWT's header that verification looks at (RFC 7515 §4.1).
struct TokenHeader: Decodable {
    let typ: String?
    let alg: String?
    let kid: String?
    let hasCriticalExtensions: Bool

    private enum CodingKeys: CodingKey { case typ, alg, kid, crit }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        typ = try container.decodeIfPresent(String.self, forKey: .typ)
        alg = try container.decodeIfPresent(String.self, forKey: .alg)
        kid = try container.decodeIfPresent(String.self, forKey: .kid)
        hasCriticalExtensions = container.contains(.crit)
    }

    /// A media type without regard to case; the prefix `application/` may be left out (RFC 7515 §4.1.9, RFC 9068 §4).
    var isAccessToken: Bool {
        let type = typ?.lowercased()
        return type == "at+jwt" || type == "application/at+jwt"
    }
}
