import Testing

@testable import RevokedServer

/// Which keys clients are told of that track them, beside redis-server.
@Suite struct TrackingParityTests {
    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func everyClientIsToldTheSame(_ transport: ServerConfiguration.TransportKind) async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run {
            $0.transport = transport
        } _: { daemon in
            for script in Self.scripts { try SeveralClients(script).compare(redis, daemon.connect) }
        }
        try redis.end()
    }

    private static let scripts = [
        // The default mode: a key is told of once after each time that it was read.
        """
        b FLUSHALL
        g CLIENT TRACKING ON
        g CLIENT TRACKINGINFO
        b SET k 1
        g GET k
        b SET k 2
        b SET k 3
        g MGET k other k
        b SET other 1
        b DEL k
        g EXISTS k
        g SET k own
        g TTL k
        b EXPIRE k 100
        g STRLEN k
        b APPEND k x
        g SETNX untracked 1
        b SET untracked 2
        g GET k
        g GET other
        b FLUSHALL
        g GET k
        b FLUSHDB
        g CLIENT TRACKING OFF
        g GET k
        b SET k 1
        g CLIENT TRACKINGINFO
        g CLIENT GETREDIR
        """,
        """
        b FLUSHALL
        g CLIENT TRACKING ON NOLOOP
        g GET k
        g SET k own
        b SET k other
        g CLIENT TRACKINGINFO
        g CLIENT TRACKING ON
        g GET k
        g SET k own
        g RESET
        g GET k
        b SET k 1
        """,
        """
        b FLUSHALL
        g CLIENT TRACKING ON OPTIN
        g GET k
        b SET k 1
        g CLIENT CACHING YES ; CLIENT TRACKINGINFO ; GET k ; GET unasked
        g GET other
        b SET k 2
        b SET other 2
        g CLIENT CACHING NO
        g CLIENT CACHING maybe
        h CLIENT TRACKING ON OPTOUT
        h GET k
        b SET k 3
        h CLIENT CACHING NO ; CLIENT TRACKINGINFO ; GET k
        h GET other
        b SET k 4
        b SET other 4
        h CLIENT CACHING YES
        h CLIENT TRACKING ON OPTIN
        """,
        """
        b FLUSHALL
        g CLIENT TRACKING ON BCAST PREFIX a: PREFIX b:
        h CLIENT TRACKING ON BCAST NOLOOP
        g CLIENT TRACKINGINFO
        h CLIENT TRACKINGINFO
        b SET a:1 x
        b SET c:1 x
        h SET a:2 x
        h SET c:2 x
        g CLIENT TRACKING ON BCAST PREFIX c:
        b SET c:1 x
        g CLIENT TRACKING ON BCAST PREFIX a:1
        g CLIENT TRACKING ON BCAST PREFIX d PREFIX da
        g CLIENT TRACKING ON
        h CLIENT TRACKING OFF
        b FLUSHALL
        g CLIENT TRACKING OFF
        b SET a:1 x
        g CLIENT TRACKINGINFO
        """,
        """
        b FLUSHALL
        g CLIENT TRACKING ON BCAST PREFIX foo PREFIX bar
        g CLIENT TRACKINGINFO
        g CLIENT TRACKING ON BCAST
        g CLIENT TRACKINGINFO
        b SET other 1
        g CLIENT TRACKING ON BCAST
        g CLIENT TRACKINGINFO
        g CLIENT TRACKING ON BCAST PREFIX new
        b SET other 2
        g CLIENT TRACKING ON BCAST NOLOOP
        g SET other 3
        b SET other 4
        g CLIENT TRACKINGINFO
        """,
        """
        a CLIENT TRACKING ON
        a CLIENT GETREDIR
        a CLIENT TRACKING ON REDIRECT 999999
        a CLIENT TRACKING ON REDIRECT x
        a CLIENT TRACKING ON PREFIX a
        a CLIENT TRACKING ON OPTIN OPTOUT
        a CLIENT TRACKING ON BCAST OPTIN
        a CLIENT TRACKING ON FOO
        a CLIENT TRACKING ON PREFIX
        a CLIENT TRACKING maybe
        a CLIENT TRACKING OFF
        a CLIENT CACHING YES
        a CLIENT TRACKING ON OPTIN
        a CLIENT CACHING NO
        a CLIENT TRACKING ON OPTOUT
        a CLIENT TRACKING
        """,
    ]

    /// RESP2 has no place for what was not asked for: another connection is told.
    @Test func anotherConnectionIsToldInItsPlace() async throws {
        try await LocalDaemon.run { daemon in
            let (reader, writer) = (try daemon.connect(), try daemon.connect())
            var listener = try daemon.connect()
            func identifier() throws -> Int64 { ReplyFrame.integer(try listener.command("CLIENT ID")) ?? 0 }
            let first = try identifier()
            _ = try listener.command("SUBSCRIBE __redis__:invalidate")
            try reader.expect(["CLIENT", "TRACKING", "ON", "REDIRECT", "\(first)"], "+OK")
            try reader.expect("CLIENT GETREDIR", ":\(first)")
            try reader.expect("GET k", "nil")
            try writer.expect("SET k 1", "+OK")
            let told = "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n"
            #expect(try listener.reply() == Bytes("\(told)*1\r\n$1\r\nk\r\n".utf8))
            try reader.expect("GET k", "\"1\"")
            try writer.expect("FLUSHALL", "+OK")
            #expect(try listener.reply() == Bytes("\(told)$-1\r\n".utf8))
            #expect(try writer.ask("CLIENT LIST").contains(" redir=\(first) "))

            // One that speaks RESP3, and then goes away.
            listener = try daemon.connect()
            _ = try listener.command("HELLO 3")
            let second = try identifier()
            _ = try reader.command("HELLO 3")
            try reader.expect(["CLIENT", "TRACKING", "ON", "REDIRECT", "\(second)"], "+OK")
            _ = try reader.command("GET k")
            try writer.expect("SET k 1", "+OK")
            #expect(try listener.reply() == Bytes(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n".utf8))
            _ = try reader.command("GET k")
            listener.close()
            try await eventually("it is gone") { try !writer.ask("CLIENT LIST").contains("id=\(second) ") }
            try writer.expect("SET k 2", "+OK")
            #expect(try reader.reply() == Bytes(">2\r\n$21\r\ntracking-redir-broken\r\n:\(second)\r\n".utf8))
            #expect(try reader.ask("CLIENT TRACKINGINFO").contains("broken_redirect"))
        }
    }

    /// Revocations are cached like other keys, and an expiry is a change.
    @Test func anExpiryIsTold() async throws {
        try await LocalDaemon.run { daemon in
            let (reader, writer) = (try daemon.connect(), try daemon.connect())
            _ = try reader.command("HELLO 3")
            try reader.expect("CLIENT TRACKING ON", "+OK")
            try writer.expect("SET revoked:jti:a logout PX 2000", "+OK")
            _ = try reader.command("EXISTS revoked:jti:a")
            let message = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$13\r\nrevoked:jti:a\r\n"
            #expect(try reader.reply() == Bytes(message.utf8))
        }
    }
}
