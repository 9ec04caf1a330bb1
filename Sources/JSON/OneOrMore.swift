/// One text or an array of them, such as `aud` (RFC 7519 §4.1.3).
package struct OneOrMore: Decodable, Sendable {
    package let texts: [String]

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            texts = [text]
        } else {
            texts = try container.decode([String].self)
        }
    }
}
