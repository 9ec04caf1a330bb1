#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A text that equals another one byte for byte, as keys and claims do. Two `String`s are equal if they look alike
/// (Unicode's canonical equivalence): a dictionary by names that others choose would take one name for another.
package struct ExactString: Hashable, Sendable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }

    package init(stringLiteral text: String) { self.text = text }

    package static func == (one: ExactString, other: ExactString) -> Bool { one.text.isExactly(other.text) }

    package func hash(into hasher: inout Hasher) {
        // All bytes in one go: one at a time costs a revocation as much as everything else.
        text.utf8Span.span.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        // No text has this byte: nothing that is hashed behind it can pass for a part of it.
        hasher.combine(UInt8.max)
    }
}

extension String {
    /// Whether another text has the same bytes.
    package func isExactly(_ other: String) -> Bool {
        utf8Span.span.bytes.withUnsafeBytes { one in
            other.utf8Span.span.bytes.withUnsafeBytes { other in
                one.count == other.count
                    && (one.isEmpty
                        || memcmp(one.baseAddress.unsafelyUnwrapped, other.baseAddress.unsafelyUnwrapped, one.count)
                            == 0)
            }
        }
    }
}
