import Denylist
import Foundation
import Logging
import Synchronization
import Testing

@testable import Persistence
@testable import RevokedServer

/// A disk that stands still: nothing is written until the test says so.
@Suite(.serialized) struct StandingDiskTests {
    typealias Kind = ServerConfiguration.TransportKind

    /// A daemon on sockets whose log nobody writes.
    private final class Stage {
        let daemon: Daemon
        let persistence: Persistence
        let transport: any Transport
        let folder = FileManager.default.temporaryDirectory.appending(path: "revoked-\(UUID())").path
        private(set) var port = 0

        init(_ kind: Kind, _ configure: (inout ServerConfiguration) -> Void = { _ in }) throws {
            var configuration = ServerConfiguration()
            configuration.port = 0
            configuration.threads = 2
            configuration.transport = kind
            configure(&configuration)
            let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            let daemon = Daemon(configuration, time: .system, logger: logger)
            self.daemon = daemon
            persistence = try daemon.denylist.persistence(
                PersistenceConfiguration(directory: folder), clock: daemon.clock, keepsClock: false,
                onProgress: { [weak daemon] in daemon?.logHasProgressed() })
            _ = try persistence.recover()
            daemon.keep(by: persistence)
            let (epoch, isNew) = try persistence.begin(inBackground: false)
            daemon.adopt(epoch, isNew: isNew)
            daemon.loading.end()
            switch kind {
            case .nio: transport = NIOTransport(daemon, servesPlainText: true)
            case .epoll:
                #if os(Linux)
                    transport = EpollTransport(daemon)
                #else
                    transport = NIOTransport(daemon)
                #endif
            }
        }

        func run(_ body: () async throws -> Void) async throws {
            guard case .tcp(_, let port)? = try await transport.start().first else { return }
            self.port = port
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            // Nobody waits for the disk any more.
            persistence.log.commit()
            await transport.stop()
            persistence.end()
            try? FileManager.default.removeItem(atPath: folder)
            try result.get()
        }

        /// The disk takes what waits.
        func write() { persistence.log.commit() }
        func connect() throws -> PlainSocket { try PlainSocket(port: port) }
    }

    /// A client that ends its side after a write gets the answer, and then the end.
    @Test(arguments: Kind.allCases)
    func aHalfClosedClientGetsItsAnswer(_ kind: Kind) async throws {
        let stage = try Stage(kind)
        try await stage.run {
            let socket = try stage.connect()
            socket.send(encode(["SETEX", "revoked:jti:a", "60", "logout"]) + encode(["EXISTS", "revoked:jti:a"]))
            socket.endSending()
            try await eventually { stage.persistence.log.queuedBytes > 0 }
            #expect(socket.receive(within: .milliseconds(100)) == [])
            stage.write()
            #expect(text(socket.receive(until: 9)) == "+OK\r\n:1\r\n")
            #expect(socket.receive(within: .seconds(10)) == nil, "the end follows")
        }
    }

    /// A connection that waits and is reset is gone at once: its descriptor would be reported for ever.
    @Test(arguments: Kind.allCases)
    func aResetWhileAReplyWaitsEndsTheConnection(_ kind: Kind) async throws {
        let stage = try Stage(kind)
        try await stage.run {
            let other = try stage.connect()
            other.send(encode(["PING"]))
            #expect(text(other.receive(until: 7)) == "+PONG\r\n")
            for end in [encode(["QUIT"]), []] {
                let socket = try stage.connect()
                socket.send(encode(["SETEX", "revoked:jti:a", "60", "logout"]) + end)
                try await eventually { stage.persistence.log.queuedBytes > 0 && stage.daemon.clients.count == 2 }
                socket.reset()
                try await eventually { stage.daemon.clients.count == 1 }
            }
        }
    }

    /// What waits for the disk is bounded, for one connection and for all, and all of it is written in the end.
    @Test(arguments: Kind.allCases)
    func whatWaitsIsBounded(_ kind: Kind) async throws {
        let stage = try Stage(kind) { $0.maximumMemory = 1 << 30 }
        try await stage.run {
            let value = String(repeating: "v", count: 60_000)
            let writers = try (0..<6).map { _ in try stage.connect() }
            // More than the system keeps for sockets.
            let count = 400
            var left = writers.indices.map { writer in
                ArraySlice((0..<count).flatMap { encode(["SET", "k\(writer)-\($0)", value]) })
            }
            // Everyone sends until nothing is taken any more.
            var isMoving = true
            var isStill = 0
            while isMoving {
                isMoving = false
                for index in writers.indices where !left[index].isEmpty {
                    let sent = writers[index].sendSome(left[index])
                    left[index].removeFirst(sent)
                    if sent > 0 { isMoving = true }
                }
                if isMoving { isStill = 0 } else { isStill += 1 }
                if isStill < 20 {
                    isMoving = true
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            #expect(left.contains { !$0.isEmpty }, "144 MB were taken")
            #expect(stage.persistence.log.queuedBytes < AppendLog.backlogLimit + 1 << 20)
            #expect(stage.daemon.counters.waitingBytes < 12 << 20)
            // Checks are answered meanwhile, and revocations find room.
            let other = try stage.connect()
            other.send(encode(["EXISTS", "revoked:jti:a"]))
            #expect(text(other.receive(until: 4)) == ":0\r\n")
            other.send(encode(["SETEX", "revoked:jti:a", "60", "logout"]))
            let check = try stage.connect()
            try await eventually {
                check.send(encode(["EXISTS", "revoked:jti:a"]))
                return text(check.receive(until: 4)) == ":1\r\n"
            }
            // The disk goes on.
            var answered = [Int](repeating: 0, count: writers.count)
            try await eventually {
                stage.write()
                for index in writers.indices {
                    left[index].removeFirst(writers[index].sendSome(left[index]))
                    answered[index] += writers[index].receive(within: .zero)?.count ?? 0
                }
                return answered.allSatisfy { $0 == count * 5 }
            }
            #expect(text(other.receive(until: 5)) == "+OK\r\n")
        }
    }

    /// Whatever may write waits for room in the log, the scripts of a user without restrictions too. Revocations find
    /// room, and reads need none.
    @Test func allThatMayWriteWaitsForRoom() async throws {
        let stage = try Stage(.nio)
        try await stage.run {
            func outcome(_ words: String...) -> SessionBench.Outcome {
                SessionBench(stage.daemon).receive(encode(words)).outcome
            }
            let value = String(repeating: "v", count: 60_000)
            var fills = 0
            while outcome("SET", "filler", value) == .open, fills < 1_000 { fills += 1 }
            #expect((10..<1_000).contains(fills))
            #expect(outcome("SET", "a", "1") == .stalled)
            #expect(outcome("MSET", "a", "1", "revoked:jti:b", "logout") == .stalled)
            let release = "647c65a442733a1aa440f99908d249d13b4d6c4a"
            #expect(outcome("EVALSHA", release, "1", "filler", value) == .stalled)
            #expect(outcome("SETEX", "revoked:jti:a", "60", "logout") == .open)
            #expect(outcome("GET", "revoked:jti:a") == .open)
        }
    }

    /// A transaction that waits for room in the log has not begun: others are served, on both threads, and transactions
    /// that read, or revoke, find their turn.
    @Test(arguments: Kind.allCases)
    func aTransactionThatWaitsHoldsUpNobody(_ kind: Kind) async throws {
        let stage = try Stage(kind)
        try await stage.run {
            // One connection alone is stopped before the log is full.
            let fillers = try (0..<12).map { _ in try stage.connect() }
            let value = encode(["SET", "filler", String(repeating: "v", count: 60_000)])
            var left = [ArraySlice<UInt8>](repeating: [], count: fillers.count)
            try await eventually {
                for index in fillers.indices {
                    if left[index].isEmpty { left[index] = value[...] }
                    left[index].removeFirst(fillers[index].sendSome(left[index]))
                }
                return stage.persistence.log.queuedBytes > AppendLog.backlogLimit / 4 * 3
            }
            let waiting = try stage.connect()
            func transaction(_ commands: [String]...) -> [UInt8] {
                encode(["MULTI"]) + commands.flatMap(encode) + encode(["EXEC"])
            }
            waiting.send(transaction(["SET", "a", "1"], ["SETEX", "revoked:jti:a", "60", "logout"]))
            #expect(text(waiting.receive(until: 23)) == "+OK\r\n+QUEUED\r\n+QUEUED\r\n")
            for number in 0..<4 {
                let (other, revoker) = (try stage.connect(), try stage.connect())
                other.send(transaction(["EXISTS", "a", "revoked:jti:a"]))
                #expect(text(other.receive(until: 22)) == "+OK\r\n+QUEUED\r\n*1\r\n:0\r\n")
                revoker.send(transaction(["SETEX", "revoked:jti:\(number)", "60", "logout"]))
                try await eventually {
                    other.send(encode(["EXISTS", "revoked:jti:\(number)"]))
                    return text(other.receive(until: 4)) == ":1\r\n"
                }
            }
            var reply = ""
            try await eventually {
                stage.write()
                reply += text(waiting.receive(within: .zero) ?? [])
                return reply == "*2\r\n+OK\r\n+OK\r\n"
            }
        }
    }
}

/// Asks again and again until it holds, for a minute at most.
func eventually(_ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try !condition() {
        try #require(ContinuousClock.now < deadline, "it never came true")
        try await Task.sleep(for: .milliseconds(2))
    }
}
