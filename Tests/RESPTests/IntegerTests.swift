import RESP
import Testing

@Suite struct IntegerTests {
    private static func parse(_ text: String) -> Int64? { Array(text.utf8).span.bytes.parseInteger() }

    private static func isKeepTTL(_ text: String) -> Bool { Array(text.utf8).span.bytes.equalsIgnoringCase("keepttl") }

    @Test(arguments: [
        0, 1, -1, 9, 10, -10, 1_234_567_890_123, Int64.max, Int64.min, Int64.max - 1, Int64.min + 1,
        922_337_203_685_477_580,
    ])
    func everyIntegerIsRead(_ number: Int64) { #expect(Self.parse(String(number)) == number) }

    @Test(arguments: [
        "", "-", "+", "+1", "-0", "00", "01", "-01", "1.5", "1e3", " 1", "1 ", "1\0", "0x1", "a", "1a", "--1",
        "9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999",
        "-99999999999999999999",
        "922337203685477580700", "١",
    ])
    func nothingElseIs(_ text: String) { #expect(Self.parse(text) == nil) }

    @Test func wordsAreComparedWithoutCase() {
        for word in ["keepttl", "KEEPTTL", "KeepTtl"] {
            #expect(Self.isKeepTTL(word))
        }
        for word in ["keepttl ", "keeptt", "", "keepttm", "keept\u{0}l", "\u{4B}EEPTT[", "keep\u{14}tl"] {
            #expect(!Self.isKeepTTL(word))
        }
        // Only letters have a case.
        let (atSign, bracket) = (Array("@".utf8), Array("[".utf8))
        let isEqual = atSign.span.bytes.equalsIgnoringCase("`") || bracket.span.bytes.equalsIgnoringCase("{")
        #expect(!isEqual)
    }
}
