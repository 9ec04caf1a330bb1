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

    /// Elements behind the first 63 are in other words of a set.
    @Test(arguments: [62, 63, 64, 65, 127, 128, 129, 1000]) func longPatternsMatchLikeShortOnes(_ length: Int) {
        let text = String((0..<length).map { "abcdefg".map { $0 }[$0 % 7] })
        #expect(Self.matches(text, text))
        #expect(!Self.matches(text, text + "a") && !Self.matches(text, "" + text.dropLast()))
        #expect(Self.matches("*" + text, "aab" + text) && !Self.matches("*" + text, text + "x"))
        #expect(Self.matches(text + "*", text + "x") && Self.matches(text + "*", text))
        #expect(!Self.matches(text + "*", "" + text.dropLast()))
        #expect(Self.matches("*" + text.dropLast() + "[^x]*", "yy" + text + "yy"))
        #expect(!Self.matches("*" + text.dropLast() + "[^x]*", "yy" + text.dropLast() + "xy"))
    }

    /// Each byte of a text costs the same: with length × length, or two to the power of it, this would take minutes.
    @Test(.timeLimit(.minutes(1))) func whatAlmostMatchesEnds() {
        let text = String(repeating: "a", count: 200_000)
        for pattern in [
            String(repeating: "a*", count: 400) + "b", "*" + String(repeating: "a", count: 1000) + "bz",
            "*" + String(repeating: "?", count: 1000) + "b",
        ] { #expect(!Self.matches(pattern, text)) }
    }
}
