import Testing

@testable import RevokedServer

/// Who gets which message, beside redis-server, over both transports.
@Suite struct PubSubParityTests {
    @Test(arguments: ServerConfiguration.TransportKind.allCases, [1, 2])
    func everyClientGetsTheSame(_ transport: ServerConfiguration.TransportKind, threads: Int) async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { configuration in
            configuration.transport = transport
            configuration.threads = threads
        } _: { daemon in
            for script in Self.scripts { try SeveralClients(script).compare(redis, daemon.connect) }
        }
        try redis.end()
    }

    private static let scripts = [
        """
        a SUBSCRIBE news weather news
        b PUBLISH news hello
        g SUBSCRIBE news
        b PUBLISH news again
        b PUBLISH nobody hello
        a UNSUBSCRIBE news
        b PUBLISH news more
        b PUBLISH weather sun
        a UNSUBSCRIBE
        a UNSUBSCRIBE
        g UNSUBSCRIBE unknown
        b PUBLISH weather rain
        g PUBLISH news own
        g UNSUBSCRIBE
        a GET k
        """,
        """
        a PSUBSCRIBE n* ne?s [m-p]ews
        g PSUBSCRIBE *
        g SUBSCRIBE news
        b PUBLISH news hello
        b PUBLISH mews hello
        b PUBSUB NUMPAT
        a PUNSUBSCRIBE n* ne?s
        b PUBLISH news hello
        a PUNSUBSCRIBE
        g PUNSUBSCRIBE nothing
        b PUBLISH news hello
        g RESET
        b PUBLISH news hello
        """,
        """
        a SSUBSCRIBE news
        g SSUBSCRIBE news other
        a SUBSCRIBE news
        b SPUBLISH news shard
        b PUBLISH news plain
        b PUBSUB SHARDCHANNELS n*
        b PUBSUB SHARDNUMSUB news other third
        b PUBSUB NUMSUB news
        b PUBSUB NUMSUB
        b PUBSUB CHANNELS
        b PUBSUB CHANNELS x*
        a SUNSUBSCRIBE
        a UNSUBSCRIBE
        g SUNSUBSCRIBE news
        g SUNSUBSCRIBE news
        b SPUBLISH news shard
        b SPUBLISH other shard
        """,
        """
        a SUBSCRIBE news
        a GET k
        a SET k v
        a CLIENT ID
        a PUBLISH news x
        a HELLO 3
        a FOO
        a GET
        a PING
        a PING a b
        a PSUBSCRIBE p*
        a SSUBSCRIBE s
        g SUBSCRIBE news
        g GET k
        g PING
        g PUBLISH news x
        a RESET
        a GET k
        b PUBSUB
        b PUBSUB NOPE
        b PUBSUB NUMPAT x
        b PUBSUB CHANNELS a b
        b SUBSCRIBE
        b PUBLISH news
        b SPUBLISH
        """,
    ]

    @Test func aMessageKeepsItsBytes() async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            let words = ["\\x00\\x0d\\x0a*3", "\\x0d\\x0a$5\\x0d\\x0a", "\\xff"]
            let steps = words.map { "a SUBSCRIBE \($0)" } + words.map { "b PUBLISH \($0) \(words[1])" }
            try SeveralClients(steps.joined(separator: "\n")).compare(redis, daemon.connect)
        }
        try redis.end()
    }

    /// Of one publisher, to subscribers of several threads, more than the system's buffers hold.
    @Test func messagesOfOnePublisherArriveInOrder() async throws {
        try await LocalDaemon.run { daemon in
            let subscribers = try (0..<8).map { _ in try daemon.connect() }
            for subscriber in subscribers { _ = try subscriber.command("SUBSCRIBE numbers") }
            let publisher = try daemon.connect()
            let filler = String(repeating: "x", count: 4000)
            let count = 2000
            let messages = (0..<count).flatMap { number -> Bytes in
                let command: WireCommand = ["PUBLISH", "numbers", "\(number) \(filler)"]
                return command.encoded
            }
            try publisher.send(messages)
            for _ in 0..<count { #expect(try publisher.reply() == Bytes(":8\r\n".utf8)) }
            for subscriber in subscribers {
                for number in 0..<count {
                    let payload = ReplyFrame.bulk(try ReplyFrame.elements(of: try subscriber.reply())[2])
                    let isNext = payload?.starts(with: Bytes("\(number) ".utf8)) == true
                    try #require(isNext, "\(number) is missing")
                }
            }
        }
    }
}
