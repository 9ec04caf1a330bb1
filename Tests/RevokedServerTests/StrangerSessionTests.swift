import Testing

@testable import RevokedServer

/// Whatever another protocol's client is made to send: nothing of it is executed, however its bytes are cut.
@Suite struct StrangerSessionTests {
    private static let payloads = [
        encode(["DEL", "revoked:jti:a"]), Array("DEL revoked:jti:a\r\n".utf8), Array("\r\nFLUSHALL\r\n".utf8),
        Array("SETEX revoked:all 100 1790000000000\n".utf8),
    ]

    private static let hello: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]

    private static let beginnings: [[UInt8]] =
        [
            "POST / HTTP/1.1\r\n", "GET / HTTP/1.1\r\n", "PUT /x HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
            "OPTIONS * HTTP/1.1\n",
            "\r\n\r\nPOST / HTTP/1.0\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "POST /\r\n", "GET /\r\n", "Host: a\r\n",
            "Content-Type: x\r\n", "HTTP/1.1 200 OK\r\n", "GET / HTTP/1.1\rHost: a\r\r\n", "PING\0\r\n", "\0",
            "SSH-2.0-x\r\n",
            "CLIENT libcurl 8.5.0\r\n", "\u{FEFF}POST / HTTP/1.1\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n",
            "OPTIONS rtsp://127.0.0.1/ RTSP/1.0\r\n", "*0\r\nPOST / HTTP/1.1\r\n",
            "MKCOL /x\r\n", "propfind \"/x\"\n", "SEARCH http://a/\r\n", "0032git-upload-pack /x\n",
        ].map { Array($0.utf8) }
        + [
            encode(["POST", "/", "HTTP/1.1"]), encode(["post"]), encode(["hOsT:", "x"]), [0x16, 0x03], hello,
            hello + Array(repeating: 0x78, count: 40), [0x16, 0x03, 0x01, 0x0A], [0x16, 0x03, 0x01, 0x02, 0x0A],
        ]

    /// - Returns: how many commands were executed of what was sent in these pieces.
    private func executed(_ pieces: [[UInt8]], password: String? = nil) -> Int {
        let bench = SessionBench { $0.password = password }
        #expect(bench.converse(pieces).isEmpty, "a stranger gets no answer")
        #expect(bench.isClosed)
        #expect(bench.daemon.counters.totals[.strangers] == 1)
        let after = bench.receive(encode(["FLUSHALL"]))
        #expect(after.reply.isEmpty && after.outcome == .closing)
        return bench.daemon.counters.totals.commands
    }

    @Test(arguments: beginnings)
    func nothingIsExecutedHoweverItIsCut(_ beginning: [UInt8]) {
        for payload in Self.payloads {
            let bytes = beginning + payload
            #expect(executed([bytes]) == 0)
            #expect(executed(bytes.map { [$0] }) == 0)
            for cut in 0...bytes.count {
                #expect(executed([Array(bytes[..<cut]), Array(bytes[cut...])]) == 0, "cut at \(cut)")
            }
        }
        #expect(executed([beginning + Self.payloads[1]], password: "secret") == 0)
    }

    /// Nobody waits for the end of a line that tells already: a handshake may have none.
    @Test(arguments: [[[0x16, 0x03]], [[0x16], [0x03]], [[0x50, 0x49], [0x4E, 0x00]], [[0x00]]] as [[[UInt8]]])
    func anUnfinishedLineThatTellsEndsTheConnection(_ pieces: [[UInt8]]) {
        #expect(executed(pieces) == 0)
    }

    /// Requests as browsers and other programs make them up, in pieces of any size.
    @Test func randomRequestsExecuteNothing() {
        var random = Random(state: 11)
        for _ in 0..<2000 {
            let end = random.pick(["\r\n", "\n"])
            var text = random.pick(["POST", "GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "post", "X-Y"])
            text += " " + random.pick(["/", "/a?b=c", "*", "http://a/", "/\"x", "/'", "/%0d%0aDEL"])
            text += " " + random.pick(["HTTP/1.1", "HTTP/1.0", "HTTP/2.0"]) + random.pick(["", " ", "\t"]) + end
            for _ in 0..<random.number(6) {
                text += random.pick([
                    "Accept: */*", "Origin: https://x", "Cookie: \"a", "X: FLUSHALL", "DEL revoked:jti:a",
                ])
                text += end
            }
            text += end
            for _ in 0..<(1 + random.number(4)) {
                text +=
                    random.pick(["DEL revoked:jti:a", "FLUSHALL", "*1\r\n$8\r\nFLUSHALL", "SET a b", "5\r\nFLUSH"])
                    + end
            }
            let bytes = Array(text.utf8)
            var pieces: [[UInt8]] = []
            var start = 0
            while start < bytes.count {
                let size = 1 + random.number(random.pick([3, 40, 500]))
                pieces.append(Array(bytes[start..<min(bytes.count, start + size)]))
                start += size
            }
            #expect(executed(pieces) == 0, "\(text.debugDescription)")
        }
    }

    /// A person waits for the answer before the next line; what sends both at once is no person.
    @Test func nothingIsExecutedBehindAnUnknownLine() {
        for line in ["FOO\r\n", "EHLO a\n", "USER anonymous\r\n", "$3\r\n", "get\u{e9}\n"] {
            let bench = SessionBench()
            let replies = text(bench.converse([Array(line.utf8) + Self.payloads[1]]))
            #expect(replies.hasPrefix("-ERR unknown command") && replies.utf8.count { $0 == 0x0A } == 1)
            #expect(bench.isClosed && bench.daemon.counters.totals.commands == 0)
            #expect(bench.daemon.counters.totals[.strangers] == 1)

            let typed = SessionBench()
            #expect(text(typed.converse([Array(line.utf8)])).hasPrefix("-ERR unknown command"))
            #expect(text(typed.converse([Array("PING\r\n".utf8)])) == "+PONG\r\n")
        }
        let array = SessionBench()
        #expect(text(array.converse([encode(["FOO", "/x"]) + encode(["PING"])])).hasSuffix("+PONG\r\n"))
        let known = SessionBench()
        #expect(text(known.converse([Array("GET\r\nPING\r\n".utf8)])).hasSuffix("+PONG\r\n"))
    }

    /// What came before is answered: it was a Redis client's.
    @Test func whatCameBeforeIsExecuted() {
        let bench = SessionBench()
        let replies = bench.converse([
            encode(["SET", "k", "v"]) + Array("POST / HTTP/1.1\r\n".utf8) + encode(["DEL", "k"])
        ])
        #expect(text(replies) == "+OK\r\n")
        #expect(bench.isClosed)
        #expect(bench.daemon.counters.totals.commands == 1)
    }

    /// In an array the same bytes are a key or a value like any other.
    @Test func arraysMayHoldAnything() {
        let bench = SessionBench()
        for value in ["POST / HTTP/1.1", "\0", "\u{16}\u{03}\u{01}", "Host: a"] {
            #expect(bench.ask("SET", value, value) == "+OK\r\n")
            #expect(bench.ask("GET", value).contains(value))
        }
        #expect(!bench.isClosed)
    }

    /// Behind the end of a typed line, too, wherever the line was cut.
    @Test func anArrayBehindATypedLineMayHoldAnything() {
        let bytes = Array("GET a\r\n".utf8) + encode(["SET", "p", "a\0b"])
        for cut in 0...bytes.count {
            let bench = SessionBench()
            let replies = bench.converse([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(text(replies) == "$-1\r\n+OK\r\n", "cut at \(cut)")
            #expect(!bench.isClosed)
        }
    }

    @Test func linesOfTheLogAreRare() {
        let notices = ClientNotices()
        #expect(notices.note(.http, at: 1000) == 0)
        for time in 0..<50 { #expect(notices.note(.http, at: 1000 + Int64(time)) == nil) }
        #expect(notices.note(.tls, at: 1000) == 0)
        #expect(notices.note(.http, at: 11_000) == 50)
        #expect(notices.note(.http, at: 21_000) == 0)
    }
}

/// The same numbers in every run.
private struct Random {
    var state: UInt64

    mutating func number(_ count: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % count
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[number(choices.count)] }
}
