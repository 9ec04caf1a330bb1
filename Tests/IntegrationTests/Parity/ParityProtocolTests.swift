import Testing

/// Raw bytes: inline commands, protocol errors, empty requests, and pipelines cut anywhere.
@Suite struct ParityProtocolTests {
    @Test func everyInputGetsTheSameBytes() async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            for input in Self.inputs {
                try Self.compare(Bytes(input.utf8), daemon, redis)
            }
            for input in Self.rawInputs { try Self.compare(input, daemon, redis) }
            for (input, exception) in ParityException.inputs { try Self.compare(input, daemon, redis, exception) }
        }
    }

    /// A pipeline in two writes, cut at every byte; and byte by byte.
    @Test func aPipelineMayBeCutAnywhere() async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            let expected = try Self.conversation(try redis.connect(), [Self.pipeline])
            for cut in 0...Self.pipeline.count {
                let pieces = [Bytes(Self.pipeline[..<cut]), Bytes(Self.pipeline[cut...])]
                let replies = try Self.conversation(try daemon.connect(), pieces)
                #expect(replies == expected, "cut at \(cut): \(readable(replies))")
            }
            let replies = try Self.conversation(try daemon.connect(), Self.pipeline.map { [$0] })
            #expect(replies == expected)
        }
    }

    private static let pipeline: Bytes =
        [
            WireCommand("FLUSHALL"), "SET a 1 EX 1000", "MSET b 2 c 3", "MGET a b c nope", "SET a", "FOO \\x0d\\x0a$3",
            "SET k \\x00\\x0d\\x0a*1\\x0d\\x0a", "GET k", "HELLO 3 SETNAME", "STRLEN k", "DEL a b c k", "PING",
        ].flatMap(\.encoded) + Bytes("PING inline\r\nECHO \"a b\"\n\r\n*0\r\n*-1\r\nQUIT\r\n".utf8)

    /// Sends the pieces and reads to the end; all of them end with QUIT or with an error that closes.
    private static func conversation(_ socket: TestSocket, _ pieces: [Bytes]) throws -> Bytes {
        for piece in pieces where !piece.isEmpty { try socket.send(piece) }
        return try socket.readToEnd()
    }

    private static func compare(
        _ input: Bytes, _ daemon: LocalDaemon, _ redis: LocalRedis, _ exception: ParityException = .none
    ) throws {
        let (ours, theirs) = (try daemon.connect(), try redis.connect())
        var replies: [Bytes] = []
        for socket in [ours, theirs] {
            // The end of input follows at once, so that what is incomplete ends too.
            try socket.send(input + Bytes("\r\n".utf8))
            socket.endSending()
            replies.append(try socket.readToEnd())
        }
        if let difference = exception.difference(ours: replies[0], theirs: replies[1]) {
            Issue.record("\(readable(input))\(difference)")
        }
    }

    private static let inputs: [String] = [
        // Inline commands and their quoting.
        "PING\r\n", "ping\n", "PING hello\r\n", "  PING   hello  \r\n", "PING \"hello world\"\r\n",
        "PING 'hello world'\r\n",
        "PING \"\\x41\\x00\\n\\r\\t\\b\\a\\\\\\\"\\q\"\r\n", "PING 'it\\'s'\r\n", "PING '\\n'\r\n", "PING \"\"\r\n",
        "PING ''\r\n",
        "PING \"abc\r\n", "PING 'abc\r\n", "PING \"abc\"def\r\n", "PING 'abc'def\r\n", "PING ab\"cd\"\r\n",
        "PING ab'c d'\r\n",
        "PING ab\"c d\r\n", "PING \"\\x4\"\r\n", "PING \"\\xzz\"\r\n", "PING \"a\\\r\n", "PING 'a\\\r\n",
        "\"PING\"\r\n",
        "'PING' \"a\" 'b'\r\n", "PING\ta\r\n", "PING\u{b}a\u{c}\r\n", "\r\n", "\n", "   \r\n", "\r\n\r\nPING\r\n",
        "PING a\rb\r\n", "\rPING\r\n", "FOO bar\r\n", "GET\r\n", "SET k \"a b\"\r\nGET k\r\nDEL k\r\n",
        "PING \"a\" \"b\r\n", "PING \"a\"'b'\r\n", "PING a b c\r\nPING\r\n", "HELLO 9\r\n", "QUIT\r\n",
        "QUIT\r\nPING\r\n", "+PING\r\n", ":1\r\n", "-ERR\r\n", "_\r\n", "%1\r\n",
        // Empty arrays.
        "*0\r\nPING\r\n", "*-1\r\nPING\r\n", "*-10\r\nPING\r\n", "*0\r\n*0\r\n*1\r\n$4\r\nPING\r\n",
        // Bad lengths.
        "*abc\r\nPING\r\n", "*\r\nPING\r\n", "* 1\r\n", "*1 \r\n", "*+1\r\n", "*01\r\n$4\r\nPING\r\n", "*1.0\r\n",
        "*-0\r\n",
        "*2147483648\r\n", "*9223372036854775807\r\n", "*9223372036854775808\r\n", "*-9223372036854775808\r\n",
        "*-9223372036854775809\r\n", "*99999999999999999999999999\r\n",
        "*1\r\n$-1\r\n", "*1\r\n$-2\r\n", "*1\r\n$abc\r\n", "*1\r\n$\r\n", "*1\r\n$ 4\r\nPING\r\n", "*1\r\n$4 \r\n",
        "*1\r\n$+4\r\nPING\r\n", "*1\r\n$04\r\nPING\r\n", "*1\r\n$9223372036854775807\r\n",
        "*1\r\n$9223372036854775808\r\n",
        "*1\r\n$536870913\r\n", "*1\r\n$99999999999999999999999\r\n", "*1\r\n$-9223372036854775808\r\n",
        // Something else where an argument is due.
        "*1\r\nPING\r\n", "*1\r\n+PING\r\n", "*1\r\n:1\r\n", "*2\r\n$4\r\nPING\r\nhello\r\n",
        "*1\r\n*1\r\n$4\r\nPING\r\n",
        "*1\r\n\r\n", "*1\r\n\n", "*1\r\n\"\r\n", "*1\r\n\\\r\n", "*1\r\n'\r\n", "*1\r\n \r\n",
        "*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n",
        // Zero bytes long.
        "*1\r\n$0\r\n\r\n", "*2\r\n$4\r\nPING\r\n$0\r\n\r\n", "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n",
        // What stands before an error is answered.
        "*1\r\n$4\r\nPING\r\n*x\r\n*1\r\n$4\r\nPING\r\n", "PING\r\n*1\r\n!\r\nPING\r\n", "PING\r\nPING \"\r\nPING\r\n",
        // Incomplete at the end.
        "*", "*1", "*1\r\n$", "*1\r\n$4\r\nPI", "*2\r\n$4\r\nPING", "PIN",
    ]

    private static let rawInputs: [Bytes] = [
        Bytes("PING ".utf8) + [0xFF, 0x80] + Bytes("\r\n".utf8),
        Bytes("*1\r\n".utf8) + [0xFF] + Bytes("\r\n".utf8),
        Bytes("*1\r\n".utf8) + [0x07, 0x0D, 0x0A],
        Bytes("*1\r\n".utf8) + [0x1B, 0x0D, 0x0A],
        [0xFF, 0xFE, 0x0D, 0x0A],
        // An argument near a megabyte.
        WireCommand([Bytes("STRLEN".utf8), Bytes(repeating: 0x78, count: 1 << 20)]).encoded,
        // Many arguments.
        WireCommand([Bytes("EXISTS".utf8)] + (0..<5000).map { Bytes("k\($0)".utf8) }).encoded,
    ]
}
