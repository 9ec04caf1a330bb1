import TestSupport
import Testing

@testable import RevokedServer

/// A subscriber that does not read its messages is dropped; others do not notice.
@Suite struct SlowSubscriberTests {
    private static let message: WireCommand = ["PUBLISH", "news", String(repeating: "x", count: 100_000)]

    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func itIsDroppedBeyondTheHardLimit(_ transport: ServerConfiguration.TransportKind) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
            $0.subscriberLimit = SubscriberLimit("pubsub 2mb 0 0")!
        } _: { daemon in
            let slow = try TestSocket(.port(daemon.port), receiveBuffer: 4096)
            _ = try slow.command("SUBSCRIBE news")
            let (reader, publisher) = (try daemon.connect(), try daemon.connect())
            _ = try reader.command("SUBSCRIBE news")
            var published = 0
            try await eventually("it is dropped") {
                try publisher.send(Self.message.encoded)
                published += 1
                // The other one gets every message.
                let message = try ReplyFrame.elements(of: try reader.reply())
                #expect(ReplyFrame.bulk(message[2])?.count == 100_000)
                return try publisher.reply() == Bytes(":1\r\n".utf8)
            }
            #expect(published > 20)
            #expect(try publisher.command(["INFO", "stats"]).text.contains("slow_subscribers_closed:1\r\n"))
        }
    }

    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func itIsDroppedBeyondTheSoftLimitInTime(_ transport: ServerConfiguration.TransportKind) async throws {
        let clock = TestClock()
        try await LocalDaemon.run(time: clock.source) {
            $0.transport = transport
            $0.subscriberLimit = SubscriberLimit("pubsub 0 1mb 20")!
        } _: { daemon in
            let slow = try TestSocket(.port(daemon.port), receiveBuffer: 4096)
            _ = try slow.command("SUBSCRIBE news")
            let publisher = try daemon.connect()
            // More than the system's buffers take.
            for _ in 0..<100 { #expect(try publisher.command(Self.message) == Bytes(":1\r\n".utf8)) }
            clock.advance(.seconds(15))
            #expect(try publisher.command(Self.message) == Bytes(":1\r\n".utf8))
            clock.advance(.seconds(15))
            try await eventually("it is dropped") { try publisher.command("PUBLISH news x") == Bytes(":0\r\n".utf8) }
        }
    }

    /// A publisher that waits for its messages to be sent leaves the thread to others.
    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func aPublisherThatWaitsStarvesNobody(_ transport: ServerConfiguration.TransportKind) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
            $0.threads = 1
        } _: { daemon in
            let subscribers = try (0..<100).map { _ in try daemon.connect() }
            for subscriber in subscribers { _ = try subscriber.command("SUBSCRIBE news") }
            let (publisher, other) = (try daemon.connect(), try daemon.connect())
            let count = 2_000
            try publisher.send((0..<count).flatMap { _ in WireCommand("PUBLISH news x").encoded })
            var published = 0
            for _ in 0..<20 {
                #expect(try other.command("GET a") == Bytes("$-1\r\n".utf8))
                published = try Self.publishedMessages(other)
            }
            #expect((1..<count).contains(published))
        }
    }

    private static func publishedMessages(_ socket: TestSocket) throws -> Int {
        let statistics = try socket.command(["INFO", "commandstats"]).text
        let calls = statistics.split(separator: "cmdstat_publish:calls=").dropFirst().first?.prefix(while: \.isNumber)
        return calls.flatMap { Int($0) } ?? 0
    }
}

extension Bytes {
    fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}
