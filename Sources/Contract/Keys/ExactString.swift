#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A text that is compared byte for byte, as keys and claims are. Two `String`s are equal if they look alike (Unicode's
/// canonical equivalence), so a dictionary with names from outside would confuse them.
package struct ExactString: Hashable, Sendable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }

    package init(stringLiteral text: String) { self.text = text }

    package static func == (one: ExactString, other: ExactString) -> Bool { one.text.isExactly(other.text) }

    package func hash(into hasher: inout Hasher) {
        // All bytes at once: one at a time would cost as much as the rest of a revocation.
        text.utf8Span.span.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        // No text contains this byte, so a later value cannot pass for a part of it.
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
