import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import AuthNode

@Suite struct RequestDeadlineTests {
    private let loop = EmbeddedEventLoop()

    private func connection() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: RequestDeadline(), loop: loop)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        return channel
    }

    private func head() -> HTTPServerRequestPart {
        .head(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/login"))
    }

    @Test func whoSendsNothingIsNotWaitedFor() throws {
        let channel = try connection()
        loop.advanceTime(by: .seconds(9))
        #expect(channel.isActive)
        loop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    /// However often a little of it comes.
    @Test func aBodyHasToEnd() throws {
        let channel = try connection()
        try channel.writeInbound(head())
        for _ in 0..<9 {
            loop.advanceTime(by: .seconds(1))
            try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "x")))
        }
        #expect(channel.isActive)
        loop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func aCompleteRequestIsNotHurried() throws {
        let channel = try connection()
        try channel.writeInbound(head())
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        loop.advanceTime(by: .seconds(1000))
        #expect(channel.isActive)
        _ = try channel.finish()
    }

    @Test func halfARequestDoesNotKeepTheNodeFromEnding() throws {
        let channel = try connection()
        try channel.writeInbound(head())
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        loop.advanceTime(by: .milliseconds(999))
        #expect(channel.isActive)
        loop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }
}
