public import HTTPTypes

/// The token of an `Authorization: Bearer` header (RFC 6750 §2.1).
public enum BearerToken: Sendable, Equatable {
    case present(String)
    /// No credentials, or those of another scheme.
    case missing
    /// Several `Authorization` headers, or something after `Bearer` that is not one token.
    case malformed

    public init(_ headers: HTTPFields) {
        let values = headers[values: .authorization]
        guard let value = values.first else {
            self = .missing
            return
        }
        let scheme = value.prefix { $0 != " " }
        guard scheme.lowercased() == "bearer" else {
            self = values.count == 1 ? .missing : .malformed
            return
        }
        let token = value.dropFirst(scheme.count).drop { $0 == " " }
        self = values.count == 1 && Self.isToken(token) ? .present(String(token)) : .malformed
    }

    /// `b64token`: letters, digits and `-._~+/`, then padding.
    private static func isToken(_ text: Substring) -> Bool {
        let end = text.utf8.lastIndex { $0 != UInt8(ascii: "=") }
        guard let end else { return false }
        return text.utf8[...end].allSatisfy { character in
            switch character {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-._~+/".utf8.contains(character)
            }
        }
    }
}
