import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import Persistence
@testable import RevokedServer

/// An import from a source that is none, or says what no Redis says.
@Suite(.timeLimit(.minutes(2))) struct ImporterTests {
    /// For a source that is meant to be found silent.
    private static let shortPatience = TimeAmount.milliseconds(300)
    private static let stretch = String(repeating: "ab", count: 20)
    private static let greeting = greeting()

    /// - Parameter time: what the source's clock says, in Unix milliseconds.
    private static func greeting(at time: Int64? = nil) -> String {
        let clock = time.map { "server_time_usec:\($0)000\r\n" } ?? ""
        let information = "redis_version:7.0.15\r\nrole:master\r\nrun_id:1\r\n\(clock)"
        return "$\(information.utf8.count)\r\n\(information)\r\n+OK\r\n"
    }

    private static let file: [UInt8] =
        Array("REDIS0010".utf8) + [0xFE, 0, 0, 13] + Array("revoked:jti:a".utf8) + [6] + Array("logout".utf8) + [0xFF]
        + [UInt8](repeating: 0, count: 8)
    private static let copy = copy()

    private static func copy(at time: Int64? = nil, of file: [UInt8] = file) -> [UInt8] {
        Array("\(greeting(at: time))+FULLRESYNC \(stretch) 1\r\n$\(file.count)\r\n".utf8) + file
    }

    private static func record(_ words: String...) -> [UInt8] {
        Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
    }

    private final class WarningLines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

        private struct Handler: LogHandler {
            let lines: WarningLines
            var logLevel = Logger.Level.warning
            var metadata = Logger.Metadata()

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) { lines.lines.withLock { $0.append("\(event.message)") } }
        }
    }

    /// A server that says the same to everyone, but for the first connections, and then nothing more.
    private final class FakeSource: Sendable {
        private final class Handler: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            let bytes: [UInt8]

            init(_ bytes: [UInt8]) { self.bytes = bytes }

            func channelActive(context: ChannelHandlerContext) {
                let isLast = bytes.last == FakeSource.end
                context.channel.writeAndFlush(ByteBuffer(bytes: isLast ? bytes.dropLast() : bytes[...]), promise: nil)
                if isLast { context.close(promise: nil) }
            }
        }

        /// Behind what is said: the connection is closed then.
        static let end: UInt8 = 0x04

        private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        private let channel: any Channel
        private let accepted: Counter
        var connections: Int { accepted.count.load(ordering: .relaxed) }
        var port: Int { channel.localAddress!.port! }

        private final class Counter: Sendable { let count = Atomic(0) }

        init(_ scripts: [[UInt8]]) async throws {
            let accepted = Counter()
            self.accepted = accepted
            channel = try await ServerBootstrap(group: group).childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let index = accepted.count.wrappingAdd(1, ordering: .relaxed).oldValue
                    try channel.pipeline.syncOperations.addHandler(Handler(scripts[min(index, scripts.count - 1)]))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        }

        func end() async throws { try await group.shutdownGracefully() }
    }

    /// - Returns: how many connections it made.
    /// - Parameters:
    ///   - hold: delays a connection, by its number.
    ///   - body: is given what the daemon says of its import, again and again, until it returns true.
    @discardableResult private func follow(
        _ scripts: [[UInt8]], patience: TimeAmount = .seconds(60),
        maximumMemory: Int = 0,
        hold: @escaping @Sendable (Int, any EventLoop) -> EventLoopFuture<Void>? = { _, _ in nil },
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        until body: (ImportFigures.Values, FakeSource, Daemon) -> Bool
    ) async throws -> Int {
        let (folder, source) = (try TemporaryFolder(), try await FakeSource(scripts))
        var configuration = ServerConfiguration()
        (configuration.port, configuration.directory) = (0, folder.path + "/data")
        configuration.maximumMemory = maximumMemory
        let port = source.port
        let calls = Mutex(0)
        let server = RevokedServer(
            configuration, logger: logger,
            importSource: ImportSource(name: "fake", patience: patience) { loop, timeout, handler in
                let number = calls.withLock { calls in
                    defer { calls += 1 }
                    return calls
                }
                return (hold(number, loop) ?? loop.makeSucceededVoidFuture()).flatMap {
                    ClientBootstrap(group: loop).connectTimeout(timeout).channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(handler())
                        }
                    }.connect(host: "127.0.0.1", port: port)
                }
            })
        _ = try await server.start()
        try await server.recover()
        let figures = try #require(server.daemon.importer?.figures)
        try await eventually { body(figures.read(acknowledged: .max), source, server.daemon) }
        await server.stop()
        try await source.end()
        return calls.withLock { $0 }
    }

    @Test func nothingIsServedOfWhatIsNone() async throws {
        let torn = Array(Self.copy.prefix(Self.copy.count - 12))
        for (bytes, problem) in [
            (Array("garbage\r\n".utf8), "an answer that no Redis gives"), ([], "it is silent"), (torn, "it is silent"),
            (Array("-LOADING wait\r\n".utf8), "it answered LOADING"),
            (
                Array("\(Self.greeting)+FULLRESYNC \(Self.stretch) 1\r\n$9\r\nnothing!!".utf8),
                "the file is damaged: no RDB file"
            ),
            (Array("$22\r\nrun_id:1\r\nrole:slave\r\n\r\n".utf8), "it is a replica: name its primary"),
        ] {
            try await follow([bytes], patience: Self.shortPatience) { values, source, daemon in
                #expect(daemon.loading.isActive)
                return source.connections >= 2 && values.phase == .waiting && values.problem == problem
            }
        }
    }

    @Test func aTornCopyIsMadeAgain() async throws {
        let torn = Array(Self.copy.prefix(Self.copy.count - 12))
        try await follow([torn, Self.copy], patience: Self.shortPatience) { values, source, daemon in
            values.phase == .following && values.copies == 2 && !daemon.loading.isActive
        }
    }

    /// A record that cannot be read changes nothing for good: all keys are copied again.
    @Test func whatCannotBeReadIsCopiedAnew() async throws {
        let first = Self.copy + Self.record("SET", "before", "1") + Self.record("PFADD", "k", "v")
        try await follow([first, Self.copy + Self.record("SET", "after", "1")]) { values, _, daemon in
            values.phase == .following && values.copies == 2 && values.counts.plain == 2 && values.offset != nil
        }
    }

    @Test func aRevocationThatIsNoStringStopsIt() async throws {
        try await follow([Self.copy + Self.record("SADD", "revoked:jti:set", "member")]) { values, source, _ in
            values.phase == .stopped && source.connections == 1
        }
    }

    /// Another import ends only when its copy is complete.
    @Test func itEndsOnlyWhenItIsComplete() async throws {
        try await follow([[]]) { _, _, daemon in
            guard case .refused = daemon.importer?.end() else { return false }
            return true
        }
    }

    /// Each of those who end it hears when it has ended.
    @Test func severalMayEndItAtOnce() async throws {
        var replies: [DeferredReply] = []
        // Ahead of ours, so that it is not set back however long this takes.
        let copy = Self.copy(at: TimeSource.system.wall() + 3_600_000)
        try await follow([copy]) { values, source, daemon in
            guard values.isComplete, let importer = daemon.importer else { return false }
            while replies.count < 3, case .later(let reply) = importer.end() { replies.append(reply) }
            return replies.count == 3 && replies.allSatisfy(\.isDone) && values.phase == .ended
        }
        #expect(replies.allSatisfy { $0.replacement == nil })
    }

    /// What the source wrote since its clock was set back would end too early here.
    @Test func aClockThatIsSetBackMakesANewCopy() async throws {
        let now = TimeSource.system.wall()
        let hour: Int64 = 3_600_000
        let record = Self.record("SET", "revoked:jti:late", "logout", "PXAT", "\(now - hour / 2)")
        var refused: DeferredReply?
        try await follow([
            Self.copy(at: now) + record, Array(Self.greeting(at: now - hour).utf8), Self.copy(at: now - hour) + record,
        ]) { values, source, daemon in
            if values.isComplete, refused == nil, case .later(let reply)? = daemon.importer?.end() { refused = reply }
            return values.phase == .following && values.copies == 2 && values.counts.guarded == 3
        }
        #expect(refused?.replacement?.contains("the clock of fake was set back") == true)
    }

    /// Until the copy that a clock asks for is complete, the end is refused as before the first one.
    @Test func itEndsOnlyWhenTheNewCopyIsComplete() async throws {
        let now = TimeSource.system.wall()
        let (early, late) = (now - 3_600_000, Self.copy(at: now - 3_600_000))
        var replies: [DeferredReply] = []
        try await follow([
            Self.copy(at: now), Array(Self.greeting(at: early).utf8), Array(late.dropLast(12)),
            Array(Self.greeting(at: early).utf8),
        ]) { values, source, daemon in
            let isReady = replies.isEmpty ? values.isComplete : values.copies == 2
            guard isReady, replies.allSatisfy(\.isDone) else { return false }
            if replies.count < 2, case .later(let reply)? = daemon.importer?.end() { replies.append(reply) }
            return replies.count == 2 && replies.allSatisfy(\.isDone)
        }
        #expect(replies.last?.replacement?.contains("the keys of fake are not copied yet") == true)
    }

    /// Whether it was set back is not known then, while the source may still write.
    @Test func aClockThatCannotBeReadHoldsUpTheEnd() async throws {
        let (now, lines) = (TimeSource.system.wall(), WarningLines())
        var replies: [DeferredReply] = []
        try await follow(
            [Self.copy(at: now), Array("garbage\r\n".utf8), Array(Self.greeting.utf8)], logger: lines.logger
        ) { values, _, daemon in
            guard values.isComplete, replies.allSatisfy(\.isDone) else { return false }
            if replies.count < 2, case .later(let reply)? = daemon.importer?.end() {
                replies.append(reply)
                return false
            }
            return values.phase == .following
        }
        #expect(replies.count == 2)
        for reply in replies {
            #expect(reply.replacement == "-ERR the clock of fake could not be read: try again\r\n")
        }
        #expect(lines.all.filter { $0.contains("the clock of fake could not be read") }.count == 1)
    }

    /// A source that is gone makes no new copy, so nothing waits for one, nor for its clock.
    @Test func anImportEndsWithoutItsSource() async throws {
        let now = TimeSource.system.wall()
        let gone = [FakeSource.end]
        let setBack = Array(Self.greeting(at: now - 3_600_000).utf8)
        for scripts in [[Self.copy(at: now) + gone, gone], [Self.copy(at: now), setBack, gone]] {
            var reply: DeferredReply?
            try await follow(scripts) { values, _, daemon in
                if values.isComplete, reply?.isDone != false, case .later(let next)? = daemon.importer?.end() {
                    reply = next
                }
                return values.phase == .ended
            }
        }
    }

    /// A revocation without an expiry that the end writes, and for which there is no room, is read again.
    @Test func whatTheEndCannotWriteIsCopiedAgain() async throws {
        let empty = Array("REDIS0010".utf8) + [0xFF] + [UInt8](repeating: 0, count: 8)
        let copy = Self.copy(at: TimeSource.system.wall() + 3_600_000, of: empty)
        var (reply, isRight): (DeferredReply?, Bool) = (nil, false)
        let script = copy + Self.record("SET", "revoked:jti:a", "logout")
        try await follow([script], maximumMemory: 1) { values, _, daemon in
            guard values.isComplete, let importer = daemon.importer else { return false }
            if reply == nil, case .later(let next) = importer.end() { reply = next }
            guard reply?.isDone == true else { return false }
            let mustCopyAgain = try? importer.loop.submit { importer.mustCopyAgain }.wait()
            isRight = mustCopyAgain == true && importer.figures.read(acknowledged: .max).phase == .waiting
            return true
        }
        #expect(isRight)
        #expect(reply?.replacement?.contains("not all keys are copied") == true)
    }

    /// While the log takes no more, or the import ends, the source has to wait: what it sends could only be kept.
    @Test func nothingIsReadThatCannotBeApplied() async throws {
        let time = TimeSource.system.wall() + 3_600_000
        let held = Mutex<EventLoopPromise<Void>?>(nil)
        // The third reading of the clock takes until its time is over.
        @Sendable func hold(_ number: Int, _ loop: any EventLoop) -> EventLoopFuture<Void>? {
            guard number == 3 else { return nil }
            let promise = loop.makePromise(of: Void.self)
            held.withLock { $0 = promise }
            return promise.futureResult
        }
        var (replies, seen): ([DeferredReply], [String]) = ([], [])
        let scripts = [Self.copy(at: time), Array(Self.greeting(at: time).utf8)]
        try await follow(scripts, hold: hold) { values, _, daemon in
            guard values.isComplete, let importer = daemon.importer else { return false }
            let state = try? importer.loop.submit {
                let isRead = try importer.channel?.syncOptions?.getOption(.autoRead) ?? true
                return (isFull: importer.isFull, isEnding: importer.ending != nil, isRead: isRead)
            }.wait()
            guard let state else { return false }
            if state.isRead, state.isFull || state.isEnding { seen.append("\(state)") }
            if replies.count == 3, replies.allSatisfy(\.isDone) { return state.isRead && !state.isFull }
            guard replies.count < 3, replies.allSatisfy(\.isDone) else { return false }
            if replies.isEmpty { daemon.persistence?.log.fail(FileError(operation: "write", path: "", code: ENOSPC)) }
            if case .later(let reply) = importer.end() { replies.append(reply) }
            return false
        }
        held.withLock { $0?.succeed() }
        #expect(seen.isEmpty)
        #expect(replies.count == 3)
    }

    /// A connection that is being made while the end is refused is the one that goes on.
    @Test func thereIsOneConnectionAtATime() async throws {
        let now = TimeSource.system.wall()
        let held = Mutex<EventLoopPromise<Void>?>(nil)
        var refused: DeferredReply?
        @Sendable func hold(_ number: Int, _ loop: any EventLoop) -> EventLoopFuture<Void>? {
            guard number == 1 else { return nil }
            let promise = loop.makePromise(of: Void.self)
            held.withLock { $0 = promise }
            return promise.futureResult
        }
        let scripts = [
            Self.copy(at: now) + [FakeSource.end], Array(Self.greeting(at: now - 3_600_000).utf8), Self.copy(at: now),
        ]
        let connections = try await follow(scripts, hold: hold) { values, source, daemon in
            let isHeld = held.withLock { $0 != nil }
            if isHeld, refused == nil, case .later(let reply)? = daemon.importer?.end() { refused = reply }
            if refused?.isDone == true {
                held.withLock { promise in
                    promise?.succeed()
                    promise = nil
                }
            }
            return values.copies == 2 && values.phase == .following
        }
        // Of the copy, for the clock, and the held one.
        #expect(connections == 3)
    }
}
