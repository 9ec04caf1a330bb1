import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import RevokedServer

/// Connections of the portable transport on a loop that turns when it is told to.
@Suite struct SessionHandlerTests {
    /// Made by each test: the loop belongs to the thread that has made it.
    private struct Stage {
        let clock: TestClock
        let daemon: Daemon
        let loop = EmbeddedEventLoop()
        let observers = NIOLogObservers()
        let context: NIOLoopContext

        init() {
            clock = TestClock()
            daemon = SessionBench.daemon(time: clock.source)
            context = NIOLoopContext(daemon, loop)
        }

        /// One portion of messages.
        func runRound() {
            context.scheduleRound()
            loop.advanceTime(by: .microseconds(50))
        }

        func connect() throws -> EmbeddedChannel {
            let channel = EmbeddedChannel(loop: loop)
            let handler = SessionHandler(daemon, channel, context, observers, handshake: nil)
            try channel.pipeline.syncOperations.addHandler(handler)
            try channel.connect(to: NIOCore.SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            return channel
        }
    }

    private func ask(_ channel: EmbeddedChannel, _ words: String...) throws -> String {
        try channel.writeInbound(ByteBuffer(bytes: encode(words)))
        return try received(channel)
    }

    /// What has come to a client.
    private func received(_ channel: EmbeddedChannel) throws -> String {
        var text = ""
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text
    }

    /// Who has the reply to a later command has heard of everything that was changed before it, as in Redis.
    @Test func anInvalidationComesBeforeTheNextReply() throws {
        let stage = Stage()
        let (reader, writer) = (try stage.connect(), try stage.connect())
        _ = try ask(reader, "HELLO", "3")
        #expect(try ask(reader, "CLIENT", "TRACKING", "ON") == "+OK\r\n")
        let invalidation = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"
        #expect(try ask(reader, "GET", "k") == "_\r\n")
        #expect(try ask(writer, "SET", "k", "1") == "+OK\r\n")
        #expect(try ask(reader, "PING") == invalidation + "+PONG\r\n")
        // What it changes itself it hears of before the next reply, too.
        #expect(try ask(reader, "GET", "k") == "$1\r\n1\r\n")
        #expect(try ask(reader, "SET", "k", "2") == "+OK\r\n")
        #expect(try ask(reader, "PING") == invalidation + "+PONG\r\n")
        // And by itself.
        #expect(try ask(reader, "GET", "k") == "$1\r\n2\r\n")
        #expect(try ask(writer, "SET", "k", "3") == "+OK\r\n")
        stage.context.scheduleRound()
        stage.loop.advanceTime(by: .milliseconds(1))
        #expect(try received(reader) == invalidation)
        _ = try [reader, writer].map { try $0.finish() }
    }

    /// Messages that were posted before a read may end its connection.
    @Test func aReadAfterTheEndIsNotExecuted() throws {
        let stage = Stage()
        let (killed, other) = (try stage.connect(), try stage.connect())
        _ = try ask(killed, "HELLO", "3")
        _ = try ask(killed, "SUBSCRIBE", "news")
        let both = encode(["PUBLISH", "news", "x"]) + encode(["CLIENT", "KILL", "TYPE", "pubsub"])
        try other.writeInbound(ByteBuffer(bytes: both))
        #expect(try received(other) == ":1\r\n:1\r\n")
        #expect(try ask(killed, "SET", "k", "1").isEmpty)
        #expect(try ask(other, "EXISTS", "k") == ":0\r\n")
        stage.loop.run()
        #expect(!killed.isActive)
        _ = try? killed.finish()
        _ = try other.finish()
    }

    /// Connections that send commands without a pause leave a turn to a portion of messages after each: however many
    /// wait, they do not grow old.
    @Test func messagesThatWaitForLongAreSentAtOnce() throws {
        let stage = Stage()
        let listeners = try (0..<100).map { _ in try stage.connect() }
        for listener in listeners {
            _ = try ask(listener, "HELLO", "3")
            #expect(try ask(listener, "CLIENT", "TRACKING", "ON", "BCAST") == "+OK\r\n")
        }
        _ = SessionBench(stage.daemon).ask("SET", "k", "1")
        func toldNow() throws -> Int { try listeners.count { try !received($0).isEmpty } }
        stage.runRound()
        #expect(try toldNow() == 8)
        stage.clock.advance(.milliseconds(200))
        stage.runRound()
        #expect(try toldNow() == 64)
        stage.runRound()
        #expect(try toldNow() == 28)
        _ = try listeners.map { try $0.finish() }
    }

    /// Whoever is told in another's place would go on with what it has cached, and so would a listener whose messages
    /// were lost; the others are told of everything.
    @Test func whoeverHasLostAMessageIsDropped() throws {
        let stage = Stage()
        let pairs = try (0..<16).map { _ in (tracker: try stage.connect(), target: try stage.connect()) }
        for (tracker, target) in pairs {
            _ = try ask(target, "HELLO", "3")
            let id = try ask(target, "CLIENT", "ID").dropFirst().dropLast()
            #expect(try ask(tracker, "CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)") == "+OK\r\n")
            _ = try ask(tracker, "GET", "k")
        }
        let (unconcerned, writer) = (try stage.connect(), SessionBench(stage.daemon))
        _ = try ask(unconcerned, "HELLO", "3")
        _ = try ask(unconcerned, "CLIENT", "TRACKING", "ON")
        // Nobody takes these away.
        let bytes = [UInt8](repeating: 0, count: stage.daemon.mail.free - 200)
        Mailbox.post(PushMessage(records: bytes), to: [writer.client], .copies)
        _ = writer.ask("SET", "k", "1")
        stage.runRound()
        stage.loop.run()
        #expect(pairs.allSatisfy { !$0.target.isActive })
        #expect(unconcerned.isActive)
        #expect(stage.daemon.mail.free > 0 && writer.recipients() == [writer.id])
        for (tracker, target) in pairs { _ = try? (tracker.finish(), target.finish()) }
        _ = try unconcerned.finish()
    }
}
