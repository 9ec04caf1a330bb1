import Testing

@testable import Lab

@Suite("Reading a node's answers")
struct NodesAnswerReaderTests {
    private static let answers = """
        HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-LENGTH: 2\r\n\r\n{}\
        HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm="a: b"\r\nContent-Length: 0\r\n\r\n\
        HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: Close\r\nContent-Length: 3\r\n\r\nabc
        """
    private static let expected = [
        HTTPAnswer(status: 200, body: Array("{}".utf8)), HTTPAnswer(status: 401),
        HTTPAnswer(status: 503, hasRetryAfter: true, closes: true, body: Array("abc".utf8)),
    ]

    @Test("Whole, and byte by byte", arguments: [1, 2, 3, 7, 1000])
    func pieces(size: Int) throws {
        var reader = HTTPAnswerReader()
        var found: [HTTPAnswer] = []
        let bytes = Array(Self.answers.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            reader.append(bytes[start..<min(bytes.count, start + size)])
            while let answer = try reader.next() { found.append(answer) }
        }
        #expect(found == Self.expected)
    }

    @Test(
        "Refuses what no node sends",
        arguments: [
            "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "HTTP/1.1 200 OK\r\nno field\r\n\r\n", "\r\n\r\n",
            String(repeating: "x", count: 20_000),
        ])
    func malformed(text: String) {
        var reader = HTTPAnswerReader()
        reader.append(text.utf8)
        #expect(throws: HTTPAnswerReader.Malformed.self) { try reader.next() }
    }

    @Test("A 503's cause is told without what the user is told about it")
    func cause() {
        let body = NodeAnswerBody(
            Array(#"{"error":"e","error_description":"the token is NOT revoked, try again: the store is away"}"#.utf8))
        #expect(body.cause == "the store is away")
        #expect(NodeAnswerBody(Array("[]".utf8)).cause == "no reason given")
        let used = #"{"error_description":"the refresh token was used before: its session has been revoked"}"#
        #expect(NodeAnswerBody(Array(used.utf8)).saysUsedBefore)
        #expect(
            !NodeAnswerBody(Array(#"{"error_description":"the refresh token has been revoked"}"#.utf8)).saysUsedBefore)
    }
}
