public import HTTPTypes

/// The token of an `Authorization: Bearer` header (RFC 6750 §2.1), or of a cookie.
public enum BearerToken: Sendable, Equatable {
    case present(String)
    /// No credentials, or credentials of another scheme.
    case missing
    /// Several `Authorization` headers or cookies, or a value that is not one token.
    case malformed

    /// - Parameter cookie: the name of a cookie that may contain the token instead of the header; nil for none.
    ///   Presenting both is an error (RFC 6750 §2).
    public init(_ headers: HTTPFields, cookie: String?) {
        let header = BearerToken(headers)
        guard let cookie else {
            self = header
            return
        }
        let held = BearerToken(cookies: headers, name: cookie)
        self = held == .missing ? header : header == .missing ? held : .malformed
    }

    /// The values of all cookies with a name (RFC 6265 §5.4).
    package static func cookies(_ headers: HTTPFields, name: String) -> [Substring] {
        headers[values: .cookie].flatMap { $0.split(separator: ";") }.compactMap { pair -> Substring? in
            let pair = pair.drop { $0 == " " || $0 == "\t" }
            return pair.hasPrefix(name + "=") ? pair.dropFirst(name.count + 1) : nil
        }
    }

    private init(cookies headers: HTTPFields, name: String) {
        let values = Self.cookies(headers, name: name)
        switch values.count {
        case 0: self = .missing
        case 1 where Self.isToken(values[0].utf8Span.span): self = .present(String(values[0]))
        default: self = .malformed
        }
    }

    /// The token, if there is one.
    package var texts: [String] { if case .present(let text) = self { [text] } else { [] } }

    public init(_ headers: HTTPFields) {
        let values = headers[values: .authorization]
        guard let value = values.first else {
            self = .missing
            return
        }
        let bytes = value.utf8Span.span
        var start = 0
        while start < bytes.count, bytes[start] != UInt8(ascii: " ") { start += 1 }
        guard Self.isBearer(bytes.extracting(..<start)) else {
            self = values.count == 1 ? .missing : .malformed
            return
        }
        while start < bytes.count, bytes[start] == UInt8(ascii: " ") { start += 1 }
        self =
            values.count == 1 && Self.isToken(bytes.extracting(start...))
            ? .present(String(Substring(value.utf8.dropFirst(start)))) : .malformed
    }

    /// The name of the scheme, in any case.
    private static func isBearer(_ scheme: Span<UInt8>) -> Bool {
        guard scheme.count == 6 else { return false }
        for (index, letter) in "bearer".utf8.enumerated() where scheme[index] | 0x20 != letter { return false }
        return true
    }

    /// `b64token`: letters, digits and `-._~+/`, then padding.
    private static func isToken(_ text: Span<UInt8>) -> Bool {
        var end = text.count
        while end > 0, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
        for index in 0..<end {
            switch text[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                continue
            default: return false
            }
        }
        return end > 0
    }
}
