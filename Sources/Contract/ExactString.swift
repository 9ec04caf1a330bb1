/// A text that equals another one byte for byte, as keys and claims do. Two `String`s are equal if they look alike
/// (Unicode's canonical equivalence): a dictionary by names that others choose would take one name for another.
package struct ExactString: Hashable, Sendable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }

    package init(stringLiteral text: String) { self.text = text }

    package static func == (one: ExactString, other: ExactString) -> Bool {
        one.text.utf8.elementsEqual(other.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

extension String {
    /// Whether another text has the same bytes.
    package func isExactly(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
