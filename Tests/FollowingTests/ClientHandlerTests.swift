import NIOCore
import NIOEmbedded
import RESP
import TestSupport
import Testing

@testable import Following

/// What goes through a client's connection and the one to the daemon, on a clock of the test's.
@Suite struct ClientHandlerTests {
    private final class Stage {
        let copy = FakeCopy()
        let log = LogLines()
        let loop = EmbeddedEventLoop()
        let client: EmbeddedChannel
        let daemon: EmbeddedChannel

        /// - Parameters:
        ///   - slow: stands where bytes leave for the client.
        ///   - outgoing: stands where bytes leave for the daemon.
        init(_ slow: SlowClient? = nil, outgoing: DyingDaemon? = nil, hasDaemon: Bool = true) throws {
            daemon = EmbeddedChannel(loop: loop)
            client = EmbeddedChannel(loop: loop)
            if let outgoing { try daemon.pipeline.syncOperations.addHandler(outgoing) }
            try daemon.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            if let slow { try client.pipeline.syncOperations.addHandler(slow) }
            copy.change {
                $0.daemon = hasDaemon ? daemon : nil
                $0.entries["revoked:jti:gone"] = ("logout", 61_500)
            }
            try client.pipeline.syncOperations.addHandler(
                ClientHandler(
                    copy, prefix: "revoked:", ConversationScratch(), AllConversations(), logger: log.logger))
            try client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 2)).wait()
            loop.run()
        }

        func send(_ text: String) throws { try client.writeInbound(ByteBuffer(string: text)) }

        func answer(_ text: String) throws { try daemon.writeInbound(ByteBuffer(string: text)) }

        /// Whether the client takes more replies.
        func setRoom(_ hasRoom: Bool) {
            client.isWritable = hasRoom
            client.pipeline.fireChannelWritabilityChanged()
        }

        /// What the client has got since.
        func got() throws -> String { try Self.output(of: client) }

        /// What the daemon has got since.
        func took() throws -> String { try Self.output(of: daemon) }

        private static func output(of channel: EmbeddedChannel) throws -> String {
            var text = ""
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
            return text
        }

        /// The daemon has said that this client may read.
        func prove() throws {
            try send(check)
            #expect(try took().hasPrefix(check))
            try answer("$6\r\nlogout\r\n*2\r\n:2\r\n$3\r\ne-1\r\n")
            #expect(try got() == logout)
        }
    }

    /// Whoever writes to a daemon that has died hears of its end before the write returns.
    private final class DyingDaemon: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var isDead = false

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            guard isDead else { return context.write(data, promise: promise) }
            promise?.fail(ChannelError.ioOnClosedChannel)
            context.fireChannelInactive()
        }
    }

    /// What is written has not left until the test says so.
    private final class SlowClient: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        private var held: [EventLoopPromise<Void>] = []

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if let promise { held.append(promise) }
            context.write(data, promise: nil)
        }

        func release() {
            for promise in held { promise.succeed() }
            held = []
        }
    }

    @Test func repliesAreWrittenOnceWhenTheDaemonDiesDuringAWrite() throws {
        let outgoing = DyingDaemon()
        let stage = try Stage(outgoing: outgoing)
        try stage.prove()
        outgoing.isDead = true
        // One is answered here, and the other is what the daemon dies of.
        try stage.send(check + ping)
        #expect(try stage.got() == logout)
        stage.loop.run()
        #expect(try stage.got() == "" && !stage.client.isActive)
    }

    @Test func whatTheDaemonSaidLastIsWritten() throws {
        let stage = try Stage()
        try stage.prove()
        try stage.send(ping)
        try stage.answer("+PO")
        stage.daemon.close(promise: nil)
        stage.loop.run()
        #expect(try stage.got() == "+PO" && !stage.client.isActive)
    }

    @Test func anEndWaitsForWhatIsStillToBeWritten() throws {
        let slow = SlowClient()
        let stage = try Stage(slow)
        try stage.prove()
        try stage.send(check)
        stage.client.pipeline.fireUserInboundEventTriggered(DrainClient())
        stage.loop.run()
        #expect(!stage.daemon.isActive && stage.client.isActive)
        slow.release()
        stage.loop.run()
        #expect(try stage.got() == logout && !stage.client.isActive)
    }

    @Test func aDeadDaemonEndsItsClient() throws {
        let stage = try Stage(hasDaemon: false)
        stage.loop.run()
        #expect(try stage.got() == "" && !stage.client.isActive)
    }

    // MARK: Reading

    @Test func aClientThatReadsNothingIsDropped() throws {
        let stage = try Stage()
        try stage.prove()
        try stage.send(ping)
        stage.setRoom(false)
        stage.loop.advanceTime(by: .seconds(50))
        // It takes something, and has another minute.
        try stage.answer("+PO")
        stage.loop.advanceTime(by: .seconds(55))
        #expect(stage.client.isActive && stage.log.lines.isEmpty)
        stage.loop.advanceTime(by: .seconds(15))
        #expect(!stage.client.isActive && !stage.daemon.isActive)
        #expect(stage.log.lines.count == 1)
        #expect(stage.log.lines.contains { $0.contains("dropping 127.0.0.1:2: it has not read anything for 60 s") })
    }

    @Test func aClientThatReadsAgainStays() throws {
        let stage = try Stage()
        try stage.prove()
        for _ in 0..<3 {
            stage.setRoom(false)
            stage.loop.advanceTime(by: .seconds(50))
            stage.setRoom(true)
            stage.loop.advanceTime(by: .seconds(20))
        }
        stage.loop.advanceTime(by: .hours(1))
        try stage.send(check)
        #expect(stage.client.isActive && stage.log.lines.isEmpty)
    }

    /// Time that nothing waits does not count.
    @Test func theMinuteBeginsWhenThereIsNoRoom() {
        var output = UnreadOutput()
        func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }
        func isOverdue(_ waiting: Int, _ seconds: Int64) -> Bool { output.isOverdue(waiting, at: at(seconds)) }
        output.didWrite(100_000)
        output.watch(70_000, at: at(1_000))
        #expect(!isOverdue(70_000, 1_059))
        #expect(isOverdue(70_000, 1_060))
        // A byte is enough, and what is written meanwhile is none.
        #expect(!isOverdue(69_999, 1_061))
        output.didWrite(5)
        #expect(!isOverdue(70_004, 1_120) && isOverdue(70_004, 1_121))
        output.endWatch()
        output.watch(70_004, at: at(2_000))
        #expect(!isOverdue(70_004, 2_059))
    }
}

private let check = "*2\r\n$3\r\nGET\r\n$16\r\nrevoked:jti:gone\r\n"
private let ping = "*1\r\n$4\r\nPING\r\n"
private let logout = "$6\r\nlogout\r\n"
