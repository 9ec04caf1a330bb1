import RESP
import Testing

@Suite struct InlineRequestTests {
    private static func split(_ line: String) throws(ProtocolError) -> [[UInt8]] {
        try InlineRequest.split(Array(line.utf8).span.bytes)
    }

    @Test(arguments: [
        ("PING", ["PING"]), ("PING\r\n", ["PING"]), ("PING\n", ["PING"]), ("", []), ("\r\n", []), ("   \t ", []),
        ("  SET  k\tv  ", ["SET", "k", "v"]), ("ECHO \"a b\"", ["ECHO", "a b"]), ("ECHO 'a b'", ["ECHO", "a b"]),
        ("ECHO \"\"", ["ECHO", ""]), ("ECHO ''", ["ECHO", ""]), ("a\"b c\"", ["ab c"]), ("a'b c' d", ["ab c", "d"]),
        ("\"\\n\\r\\t\\b\\a\\\\\\\"\\q\"", ["\n\r\t\u{8}\u{7}\\\"q"]), ("\"\\x41\\x7a\"", ["Az"]), ("\"\\x4\"", ["x4"]),
        ("\"\\xzz\"", ["xzz"]), ("'\\n'", ["\\n"]), ("'it\\'s'", ["it's"]), ("'\"'", ["\""]), ("\"'\"", ["'"]),
        ("a\u{b}b", ["a\u{b}b"]), ("\u{b}a\u{c} b", ["a\u{c}", "b"]), ("\"a\"\u{b}b", ["a", "b"]),
        ("a\rb", ["a", "b"]),
    ])
    func wordsAndQuotes(_ line: String, _ expected: [String]) throws {
        #expect(try Self.split(line) == expected.map { Array($0.utf8) })
    }

    @Test func anyByteCanBeWritten() throws {
        let line = "\"" + (0...255).map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\""
        #expect(try Self.split(line) == [(0...255).map { UInt8($0) }])
    }

    @Test(arguments: [
        "\"", "'", "\"a", "'a", "a \"b", "\"a\"b", "'a'b", "\"a\"'b'", "\"a\\", "\"a\\\"", "'a\\'", "a\"b",
    ])
    func unbalancedQuotesAreRefused(_ line: String) {
        #expect(throws: ProtocolError.unbalancedQuotes) { try Self.split(line) }
    }

    @Test func theArrayOfItIsTheSameRequest() {
        let words = [Array("SET".utf8), [], [0x0D, 0x0A, 0, 0xFF]]
        #expect(ParsedRequests(whole: InlineRequest.encode(words)).items == [.request(words)])
    }
}
