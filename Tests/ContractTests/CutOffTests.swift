import Contract
import Testing

@Suite struct CutOffTests {
    private let now: Int64 = 1_700_000_000_000

    @Test(
        arguments: [
            ("0", 0), ("1700000000000", 1_700_000_000_000), ("999999999999999999", 999_999_999_999_999_999), ("007", 7),
        ] as [(String, Int64)])
    func numbers(text: String, number: Int64) {
        #expect(CutOff.parse(text.utf8.span.bytes) == number)
    }

    @Test(arguments: ["", "-1", "+1", " 1", "1 ", "1.5", "1e12", "0x1", "１", "logout", "1000000000000000000", "1\0"])
    func whatIsNoNumber(text: String) {
        #expect(CutOff.parse(text.utf8.span.bytes) == nil)
        #expect(CutOff.implausibility(of: text.utf8.span.bytes, now: now) == .notANumber)
    }

    @Test(
        arguments: [
            (1_700_000_000_000, nil), (1_700_000_060_000, nil), (1_000_000_000_000, nil),
            (1_700_000_060_001, .inTheFuture), (999_999_999_999, .notMilliseconds), (1_700_000_000, .notMilliseconds),
            (0, .notMilliseconds),
        ] as [(Int64, CutOff.Implausibility?)])
    func plausibility(cutOff: Int64, expected: CutOff.Implausibility?) {
        #expect(CutOff.implausibility(of: String(cutOff).utf8.span.bytes, now: now) == expected)
    }
}
