import Contract
import Testing

@Suite struct ExactStringTests {
    @Test(arguments: [("jos\u{E9}", "jose\u{301}"), ("K", "\u{212A}"), ("\u{C5}", "\u{212B}"), ("a", "b"), ("", "a")])
    func onlyTheSameBytesAreEqual(one: String, other: String) {
        #expect(ExactString(one) != ExactString(other))
        #expect(!one.isExactly(other))
        #expect(ExactString(one) == ExactString(String(one.unicodeScalars.map { Character($0) })))
        #expect(Set([ExactString(one), ExactString(other), ExactString(one)]).count == 2)
    }
}
