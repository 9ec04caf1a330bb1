import RevokedServer
import TestSupport
import Testing

/// A client that does not read what it asks for is paused, then dropped; others do not notice.
@Suite struct SlowReaderTests {
    private static let value = String(repeating: "v", count: 100_000)
    /// Asks for ten megabytes.
    private static let request = WireCommand([Bytes("MGET".utf8)] + (0..<100).map { _ in Bytes("k".utf8) }).encoded

    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func itIsPausedAndServedWhenItReadsAgain(_ transport: ServerConfiguration.TransportKind) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
        } _: { daemon in
            let other = try daemon.connect()
            try other.expect(["SET", "k", Self.value], "+OK")
            let slow = try TestSocket(.port(daemon.port), receiveBuffer: 4096)
            var sent = 0
            // 40 requests are 400 MB of replies: the daemon stops reading long before it holds them.
            for _ in 0..<40 {
                guard try slow.sendSome(Self.request[...]) == Self.request.count else { break }
                sent += 1
                try other.expect("PING", "+PONG")
            }
            let waiting = try other.ask("STRLEN k")
            #expect(waiting == ":100000")
            for _ in 0..<3 { try other.expect("EXISTS k", ":1") }
            // It reads: the first replies are whole.
            #expect(sent > 0)
            for _ in 0..<min(sent, 2) { #expect(try slow.reply().count > 10_000_000) }
        }
    }

    #if os(Linux)
        @Test func itIsDroppedWhenItReadsNothingForAMinute() async throws {
            let clock = TestClock()
            try await LocalDaemon.run(time: clock.source) {
                $0.transport = .epoll
                $0.outputLimit = 40 << 20
            } _: { daemon in
                let other = try daemon.connect()
                try other.expect(["SET", "k", Self.value], "+OK")
                let slow = try TestSocket(.port(daemon.port), receiveBuffer: 4096)
                try slow.send(Self.request + Self.request + Self.request)
                try await eventually("it is paused") {
                    try Self.number(of: "total_net_output_bytes", other) > 20_000_000
                }
                #expect(try Self.number(of: "connected_clients", other) == 2)
                clock.advance(.seconds(61))
                try await eventually("it is dropped") { try Self.number(of: "connected_clients", other) == 1 }
                try other.expect("PING", "+PONG")
            }
        }
    #endif

    /// One reply that passes the limit closes the connection; nothing of it is kept.
    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func oneReplyBeyondTheLimitDropsIt(_ transport: ServerConfiguration.TransportKind) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
            $0.outputLimit = 4 << 20
        } _: { daemon in
            let (other, greedy) = (try daemon.connect(), try daemon.connect())
            try other.expect(["SET", "k", Self.value], "+OK")
            try greedy.send(Self.request)
            #expect(try greedy.readToEnd().isEmpty)
            try other.expect("EXISTS k", ":1")
        }
    }

    private static func number(of field: String, _ socket: TestSocket) throws -> Int {
        let text = String(decoding: try socket.command("INFO"), as: UTF8.self)
        let line = text.split(separator: "\r\n").first { $0.hasPrefix(field + ":") } ?? ""
        return Int(line.dropFirst(field.count + 1)) ?? -1
    }
}
