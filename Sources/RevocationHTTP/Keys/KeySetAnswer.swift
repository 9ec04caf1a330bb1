package import Foundation

/// What the place of a key set answers, with what HTTP says of keeping it (RFC 9111).
package struct KeySetAnswer: Sendable {
    /// What tells whether a document has changed (RFC 9110 §8.8.3).
    package struct Validator: Sendable, Equatable {
        package let url: String
        package let tag: String
    }

    /// nil: the document read before is unchanged.
    package let document: Data?
    package let validator: Validator?
    /// How long the document may be used unasked; nil if nothing is said.
    package let freshness: Duration?

    package init(document: Data?, validator: Validator? = nil, freshness: Duration? = nil) {
        self.document = document
        self.validator = validator
        self.freshness = freshness
    }

    /// How long an answer may be used (RFC 9111 §4.2): `max-age` less its age. With `no-store` or `no-cache` it is 0.
    static func freshness(cacheControl: [String], age: String?) -> Duration? {
        let directives = cacheControl.joined(separator: ",").lowercased().split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        if directives.contains(where: { $0 == "no-store" || $0.hasPrefix("no-cache") }) { return .zero }
        guard let directive = directives.first(where: { $0.hasPrefix("max-age=") }) else { return nil }
        let digits = directive.dropFirst(8).filter { $0 != "\"" }
        // RFC 9111 §4.2.1: what cannot be read is taken for stale. A number that is too large is a long time (§1.2.2).
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return .zero }
        let seconds = Int64(digits) ?? 1 << 31
        return .seconds(max(0, min(seconds, 1 << 31) - (age.flatMap { Int64($0) }.map { max(0, $0) } ?? 0)))
    }
}
