import RESP
import Testing

@Suite struct ReplyFramerTests {
    private static let replies = [
        "+OK\r\n", "-ERR no\r\n", ":-7\r\n", "$-1\r\n", "*-1\r\n", "$0\r\n\r\n", "$5\r\na\r\nb\n\r\n", "*0\r\n",
        "*2\r\n$1\r\na\r\n*2\r\n:1\r\n*0\r\n", "_\r\n", ",1.5\r\n", "#t\r\n", "(123\r\n", "=7\r\ntxt:a\r\n\r\n",
        "%2\r\n+a\r\n:1\r\n+b\r\n%0\r\n", "~1\r\n$2\r\nab\r\n", "!3\r\nE x\r\n", "%1\r\n+a\r\n*2\r\n$-1\r\n_\r\n",
    ]

    /// Where each reply ends when the bytes come in pieces of a size.
    private func ends(_ text: String, pieces size: Int) throws -> [Int] {
        let bytes = Array(text.utf8)
        var (framer, ends, start) = (ReplyFramer(), [Int](), 0)
        while start < bytes.count {
            let piece = Array(bytes[start..<min(start + size, bytes.count)])
            var index = 0
            while index < piece.count {
                let read = try framer.read(piece.span.bytes, from: index)
                #expect(read.end > index && (read.isLast || read.end == piece.count))
                index = read.end
                if read.isLast { ends.append(start + index) }
            }
            start += size
        }
        return ends
    }

    @Test(arguments: [1, 2, 3, 7, 10_000]) func everyReplyEndsWhereItEnds(_ size: Int) throws {
        var expected: [Int] = []
        for reply in Self.replies { expected.append((expected.last ?? 0) + reply.utf8.count) }
        #expect(try ends(Self.replies.joined(), pieces: size) == expected)
    }

    @Test func messagesThatNobodyAskedForAreTold() throws {
        var framer = ReplyFramer()
        let message = Array(">2\r\n+a\r\n*1\r\n:1\r\n+OK\r\n".utf8)
        let first = try framer.read(message.span.bytes, from: 0)
        #expect(first.end == message.count - 5 && first.isLast && first.isPush)
        #expect(try framer.read(message.span.bytes, from: first.end).isPush == false)
    }

    @Test(arguments: [
        "x", "\r\n", "+OK\n", "+OK\rx", "$x\r\n", "$\r\n", "$-\r\n", "$-2\r\n", "*1-\r\n", "$99999999999999999999\r\n",
        "$999999999999999999999\r\n", "?1\r\n", "|1\r\n", String(repeating: "*1\r\n", count: 33),
    ])
    func whatIsNoReplyIsRefused(_ text: String) {
        #expect(throws: ReplyFramer.Malformed.self) { try ends(text, pieces: 10_000) }
        #expect(throws: ReplyFramer.Malformed.self) { try ends(text, pieces: 1) }
    }
}
