import RevokedServer
import TestSupport
import Testing

/// What is no request is answered as Redis answers it, and the connection is closed; nobody else notices.
@Suite struct MalformedRequestTests {
    private static let inputs: [(Bytes, String)] = [
        (Bytes("*1\r\n!4\r\nPING\r\n".utf8), "-ERR Protocol error: expected '$', got '!'\r\n"),
        (Bytes("*-9999999999999999999\r\n".utf8), "-ERR Protocol error: invalid multibulk length\r\n"),
        (Bytes("*4194305\r\n".utf8), "-ERR Protocol error: invalid multibulk length\r\n"),
        (Bytes("*2147483647\r\n".utf8), "-ERR Protocol error: invalid multibulk length\r\n"),
        (Bytes("*x\r\n".utf8), "-ERR Protocol error: invalid multibulk length\r\n"),
        (Bytes("*1\r\n$-1\r\n".utf8), "-ERR Protocol error: invalid bulk length\r\n"),
        (Bytes("*1\r\n$536870912\r\n".utf8), "-ERR Protocol error: invalid bulk length\r\n"),
        (Bytes("*1\r\n$9223372036854775807\r\n".utf8), "-ERR Protocol error: invalid bulk length\r\n"),
        (Bytes("*1\r\n$4\r\nPINGPING".utf8), "-ERR Protocol error: expected CRLF\r\n"),
        (Bytes("PING \"\r\n".utf8), "-ERR Protocol error: unbalanced quotes in request\r\n"),
        (Bytes(repeating: 0x61, count: 140_000), "-ERR Protocol error: too big inline request\r\n"),
        (
            Bytes("*".utf8) + Bytes(repeating: 0x31, count: 70_000),
            "-ERR Protocol error: invalid multibulk length\r\n"
        ),
        (
            Bytes("*1\r\n$".utf8) + Bytes(repeating: 0x31, count: 70_000),
            "-ERR Protocol error: invalid bulk length\r\n"
        ),
    ]

    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func itIsRefusedAndTheConnectionClosed(_ transport: ServerConfiguration.TransportKind) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
        } _: { daemon in
            let other = try daemon.connect()
            for (input, expected) in Self.inputs {
                let socket = try daemon.connect()
                // What came before is answered, what follows is not.
                try? socket.send(WireCommand("PING").encoded + input + WireCommand("SET k v").encoded)
                let reply = try socket.readToEnd()
                #expect(
                    reply == Bytes("+PONG\r\n".utf8) + Bytes(expected.utf8), "\(readable(input)): \(readable(reply))")
                try other.expect("EXISTS k", ":0")
            }
        }
    }

    /// Garbage of any kind gets some answer or none, and never more than its own connection.
    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func garbageHurtsNobody(_ transport: ServerConfiguration.TransportKind) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
        } _: { daemon in
            let other = try daemon.connect()
            var random = SeededGenerator(seed: 7)
            for round in 0..<300 {
                let socket = try daemon.connect()
                var garbage = WireCommand("SETEX revoked:jti:a 100 logout").encoded + WireCommand("FOO bar").encoded
                if round % 3 == 0 {
                    garbage = (0..<random.number(1..<2000)).map { _ in UInt8(truncatingIfNeeded: random.number(0..<256))
                    }
                } else {
                    for _ in 0..<random.number(1..<6) {
                        garbage[random.number(0..<garbage.count)] = UInt8(truncatingIfNeeded: random.number(0..<256))
                    }
                }
                try? socket.send(garbage)
                if round % 2 == 0 {
                    socket.endSending()
                    _ = try socket.readToEnd()
                }
                try other.expect("PING", "+PONG")
            }
        }
    }

    /// Keys and values may be any bytes.
    @Test func anyBytesAreKept() async throws {
        try await LocalDaemon.run { daemon in
            let socket = try daemon.connect()
            let all = (0...255).map { UInt8($0) }
            for key in [all, [], [0], [0x0D, 0x0A], Bytes("revoked:jti:".utf8) + all] {
                let set = WireCommand([Bytes("SETEX".utf8), key, Bytes("100".utf8), Bytes(all.prefix(128))])
                try socket.expect(set, "+OK")
                let reply = try socket.command(WireCommand([Bytes("GET".utf8), key]))
                #expect(ReplyFrame.bulk(reply) == Bytes(all.prefix(128)))
                try socket.expect(WireCommand([Bytes("DEL".utf8), key]), ":1")
            }
        }
    }

    /// A client that has not authenticated may announce little (Redis 7).
    @Test func strangersMayAnnounceLittle() async throws {
        try await LocalDaemon.run {
            $0.password = "password-of-a-test"
        } _: { daemon in
            let refused = [
                ("*11\r\n", "-ERR Protocol error: unauthenticated multibulk length\r\n"),
                ("*2\r\n$4\r\nAUTH\r\n$16385\r\n", "-ERR Protocol error: unauthenticated bulk length\r\n"),
            ]
            for (input, expected) in refused {
                let socket = try daemon.connect()
                try socket.send(Bytes(input.utf8))
                #expect(try socket.readToEnd() == Bytes(expected.utf8))
            }
            let socket = try daemon.connect()
            try socket.expect("AUTH password-of-a-test", "+OK")
            try socket.expect(["SET", "k", String(repeating: "v", count: 20_000)], "+OK")
            try socket.expect("EXISTS 1 2 3 4 5 6 7 8 9 10 11 12 13", ":0")
        }
    }
}
