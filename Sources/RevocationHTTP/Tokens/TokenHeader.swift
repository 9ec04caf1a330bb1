import Contract

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

    /// nil for a token of another type. A media type without regard to case; the prefix `application/` may be left out
    /// (RFC 7515 §4.1.9, RFC 9068 §4).
    var kind: TokenClaims.Kind? {
        let type = typ?.lowercased() ?? ""
        return TokenClaims.Kind(rawValue: type.hasPrefix("application/") ? String(type.dropFirst(12)) : type)
    }
}
