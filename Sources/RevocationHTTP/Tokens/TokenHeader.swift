/// The members of a JWT's header that verification uses (RFC 7515 §4.1). Those that carry keys or lead to some (`jwk`,
/// `jku`, `x5c`, `x5u`) are never read.
struct TokenHeader: Decodable {
    /// `typ` in lower case, without `application/`, which may be absent (RFC 7515 §4.1.9). `none` if there is no `typ`.
    let type: String
    let alg: String?
    let kid: String?
    let hasCriticalExtensions: Bool

    private enum CodingKeys: CodingKey { case typ, alg, kid, crit }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let type = try container.decodeIfPresent(String.self, forKey: .typ)?.lowercased() ?? "none"
        self.type = type.hasPrefix("application/") ? String(type.dropFirst(12)) : type
        alg = try container.decodeIfPresent(String.self, forKey: .alg)
        kid = try container.decodeIfPresent(String.self, forKey: .kid)
        hasCriticalExtensions = container.contains(.crit)
    }
}
