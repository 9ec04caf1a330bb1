import Contract
import Foundation
import HTTPTypes
import JSON
import RevocationHTTP

/// The headers in which `/auth` says whose token it is, and the claims that they hold.
package struct UpstreamHeaders: Sendable, CustomStringConvertible {
    /// The most of them.
    private static let maximumCount = 16

    package static let standard = UpstreamHeaders(
        "X-Auth-Subject=sub,X-Auth-Session=sid,X-Auth-Client=client_id,X-Auth-Issuer=iss")!

    private static let toRemove = HTTPField.Name("X-Envoy-Auth-Headers-To-Remove")!

    private struct Claim: Sendable {
        let header: HTTPField.Name
        let name: String
        /// Nil for a claim that is read from the token.
        let verified: (@Sendable (TokenClaims) -> String?)?
    }

    /// As it was written.
    package let description: String
    private let claims: [Claim]
    /// Whether each of them is in ``verified``.
    private let areVerified: Bool
    /// Claims that ``Contract/TokenClaims`` has. The issuer may call them otherwise.
    private static let verified: [String: @Sendable (TokenClaims) -> String?] = [
        "iss": { $0.issuer }, "sub": { $0.subject }, "sid": { $0.session }, "jti": { $0.identifier },
        "client_id": { $0.client },
    ]

    /// - Parameter text: `Header=claim`, separated by commas. Headers begin with `X-` or `Remote-`, so that none means
    ///   something to a proxy.
    package init?(_ text: String) {
        var claims: [Claim] = []
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
            guard parts.count == 2, let header = HTTPField.Name(parts[0]),
                !claims.contains(where: { $0.header == header }),
                header.canonicalName.hasPrefix("x-") || header.canonicalName.hasPrefix("remote-"),
                !["x-forwarded-", "x-original-", "x-envoy-"].contains(where: header.canonicalName.hasPrefix),
                parts[1].utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { return nil }
            claims.append(Claim(header: header, name: parts[1], verified: Self.verified[parts[1]]))
        }
        guard claims.count <= Self.maximumCount else { return nil }
        self.claims = claims
        areVerified = claims.allSatisfy { $0.verified != nil }
        description = claims.map { "\($0.header.rawName)=\($0.name)" }.joined(separator: ",")
    }

    /// - Parameter token: the token that was verified, from which other claims are read.
    func fields(_ verified: TokenClaims, of token: @autoclosure () -> String) -> HTTPFields {
        let others = areVerified ? [:] : Self.payload(of: token())
        var fields: HTTPFields = [:]
        var missing: [String] = []
        for claim in claims {
            let value: String? =
                if let read = claim.verified { read(verified).map(Self.encoded) } else {
                    others[claim.name].flatMap(Self.text)
                }
            // No header is set twice, so none has to be looked for.
            if let value {
                fields.append(HTTPField(name: claim.header, value: value))
            } else {
                missing.append(claim.header.rawName)
            }
        }
        // Envoy leaves a client's own headers otherwise; others take them away before they ask.
        if !missing.isEmpty { fields[Self.toRemove] = missing.joined(separator: ",") }
        return fields
    }

    private static func payload(of token: String) -> [String: JSONValue] {
        let segments = token.split(separator: ".", omittingEmptySubsequences: false)
        guard segments.count == 3, let bytes = Base64URL.decode(segments[1].utf8) else { return [:] }
        return (try? StrictJSON.decode([String: JSONValue].self, from: bytes)) ?? [:]
    }

    /// The elements of a list are separated by commas, which stand encoded within an element.
    /// - Returns: nil for an object or null, which sets no header.
    private static func text(_ claim: JSONValue) -> String? {
        switch claim {
        case .text(let text): encoded(text)
        case .flag(let flag): String(flag)
        case .integer(let number): String(number)
        case .number(let number): encoded(String(number))
        case .list(let claims):
            claims.compactMap(text).map { $0.replacing(",", with: "%2C") }.joined(separator: ",")
        case .object, .null: nil
        }
    }

    /// Percent-encodes everything but visible ASCII, and `%` itself: no two values look alike, and none ends a header.
    static func encoded(_ value: String) -> String {
        guard !isPlain(value.utf8Span.span) else { return value }
        let digits = Array("0123456789ABCDEF".utf8)
        return String(
            decoding: value.utf8.flatMap { byte -> [UInt8] in
                isPlain(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }, as: UTF8.self)
    }

    private static func isPlain(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where !isPlain(bytes[index]) { return false }
        return true
    }

    private static func isPlain(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "%") }
}
