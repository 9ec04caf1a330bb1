import Testing

@testable import RevokedServer

@Suite struct GlobPatternTests {
    private static func matches(_ pattern: String, _ text: String) -> Bool {
        GlobPattern(Array(pattern.utf8).span.bytes).matches(Array(text.utf8).span.bytes)
    }

    @Test(arguments: [
        ("*", ""), ("*", "abc"), ("**", "abc"), ("", ""), ("abc", "abc"), ("a?c", "abc"), ("a*c", "ac"),
        ("a*c", "abbbc"),
        ("a*b*c", "a1b2b3c"), ("[abc]", "b"), ("[a-c]x", "bx"), ("[c-a]", "b"), ("[^a]", "b"), ("h[ae]llo", "hallo"),
        ("\\*", "*"), ("\\?", "?"), ("\\[a]", "[a]"), ("[\\]]", "]"), ("[\\-]", "-"), ("[a", "a"), ("*a", "aaa"),
        ("revoked:*", "revoked:jti:x"), ("?", "\u{7f}"), ("[^", "x"),
    ])
    func match(_ pattern: String, _ text: String) { #expect(Self.matches(pattern, text)) }

    @Test(arguments: [
        ("", "a"), ("a", ""), ("a", "A"), ("a?c", "ac"), ("a*c", "ab"), ("[abc]", "d"), ("[^a]", "a"), ("[a-c]", "d"),
        ("\\*", "a"), ("?", ""), ("?", "ab"), ("*a", "ab"), ("[]", "a"), ("[", "["), ("ab", "a"),
    ])
    func doNotMatch(_ pattern: String, _ text: String) { #expect(!Self.matches(pattern, text)) }

    /// A pattern of stars costs at most length × length, not two to the power of it: this would never end otherwise.
    @Test func manyStarsEnd() {
        let pattern = String(repeating: "a*", count: 200) + "b"
        #expect(!Self.matches(pattern, String(repeating: "a", count: 2000)))
    }
}
