import Contract
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Revocation

/// Two servers and three sentinels that say what a test wants, at times that it sets.
@Suite(.timeLimit(.minutes(1))) struct SentinelWatchTests {
    private struct Word: Sendable {
        var port: Int
        var flags = "master"
        var isSilent = false

        func answer(to command: [String]) -> FakeStore.Answer {
            guard !isSilent, command.count > 1 else { return .nothing }
            let fields = [
                "ip", "127.0.0.1", "port", "\(port)", "flags", flags, "role-reported-time", "3600000",
            ]
            return switch command[1] {
            case "get-master-addr-by-name": .bytes("*2\r\n" + bulk("127.0.0.1") + bulk("\(port)"))
            case "master": .bytes("*\(fields.count)\r\n" + fields.map(bulk).joined())
            default: .bytes("+OK 3 usable Sentinels.\r\n")
            }
        }
    }

    private final class Stage: Sendable {
        let primaries: [FakeStore]
        let sentinels: [FakeStore]
        let list: RevocationList
        private let words: Words
        private let clock = Clock()

        private final class Words: Sendable {
            let all: Mutex<[Word]>
            init(_ words: [Word]) { all = Mutex(words) }
        }

        init() async throws {
            primaries = [try await FakeStore.healthy(), try await FakeStore.healthy()]
            let words = Words(Array(repeating: Word(port: primaries[0].port), count: 3))
            self.words = words
            var sentinels: [FakeStore] = []
            for index in 0..<3 {
                sentinels.append(try await FakeStore { words.all.withLock { $0[index] }.answer(to: $0) })
            }
            self.sentinels = sentinels
            let settings = clock.configuration
            let watch = SentinelWatch(
                sentinels.map { .tcp(host: "127.0.0.1", port: $0.port) }, name: "m", encryption: nil,
                interval: .milliseconds(50), bootClock: settings.bootClock)
            let backend = RedisBackend(
                address: .sentinels(watch), configuration: settings, logger: LogLines().logger)
            list = try RevocationList(backend: backend, configuration: settings, logger: LogLines().logger)
        }

        private final class Clock: Sendable {
            private let elapsed = Atomic<Int64>(0)

            var configuration: RevocationConfiguration {
                var settings = RevocationTests.configuration()
                let (start, wall) = (ContinuousClock.now, settings.wallClock())
                settings.bootClock = { [self] in start + .milliseconds(elapsed.load(ordering: .relaxed)) }
                settings.wallClock = { [self] in wall + elapsed.load(ordering: .relaxed) }
                return settings
            }

            func pass(_ milliseconds: Int64) { elapsed.wrappingAdd(milliseconds, ordering: .relaxed) }
        }

        /// Lets sentinels say something else, and waits until they have.
        func change(_ sentinels: Range<Int>, _ change: (inout Word) -> Void) async -> Bool {
            words.all.withLock { words in for index in sentinels { change(&words[index]) } }
            for sentinel in self.sentinels { sentinel.forgetCounts() }
            // Twice: what came first may have been on its way.
            return await eventually {
                sentinels.allSatisfy { self.sentinels[$0].commands.count { $0[1] == "ckquorum" } > 1 }
            }
        }

        func pass(_ milliseconds: Int64) { clock.pass(milliseconds) }

        func end() async {
            await list.close()
            for store in primaries + sentinels { await store.stop() }
        }
    }

    @Test func aPrimaryThatIsCutOffWithItsClientIsNotBelieved() async throws {
        let stage = try await Stage()
        #expect(await stage.list.verdict(for: token()).isClear)
        try await stage.list.revoke(token(identifier: "x"))
        #expect(await stage.list.readiness().isReady)
        #expect(await stage.change(0..<3) { $0.isSilent = true })
        #expect(await stage.list.verdict(for: token()).isClear)
        stage.pass(151)
        #expect(await stage.list.verdict(for: token()).unknownCode == .unreachable)
        #expect(await stage.list.readiness().code == .unreachable)
        let error = await #expect(throws: RevocationError.self) { try await stage.list.revoke(token()) }
        #expect(error?.code == .unreachable)
        // The server itself has been there all the time.
        #expect(stage.primaries[0].openConnectionCount == 2)
        await stage.end()
    }

    @Test func aConnectionThatIsMadeWhileTheWatchIsClosedIsClosedToo() async throws {
        let sentinel = try await FakeStore { Word(port: 1).answer(to: $0) }
        let watch = SentinelWatch(
            Array(repeating: .tcp(host: "127.0.0.1", port: sentinel.port), count: 8), name: "m", encryption: nil,
            bootClock: configuration().bootClock)
        let located = watch.locate(on: MultiThreadedEventLoopGroup.singleton.next())
        watch.close()
        // All may have answered before.
        do { _ = try await located.get() } catch { #expect(error is StoreFailure) }
        #expect(await eventually { sentinel.connectionCount == 8 && sentinel.openConnectionCount == 0 })
        await sentinel.stop()
    }

    @Test func aPrimaryThatMostSentinelsCannotReachIsNotBelieved() async throws {
        let stage = try await Stage()
        #expect(await stage.list.verdict(for: token()).isClear)
        #expect(await stage.change(0..<2) { $0.flags = "s_down,master" })
        #expect(await stage.list.verdict(for: token()).unknownCode == .unreachable)
        #expect(await stage.change(0..<2) { $0.flags = "master" })
        #expect(await stage.list.verdict(for: token()).isClear)
        await stage.end()
    }

    @Test func anotherPrimaryIsCheckedAtOnceAndWrittenToLater() async throws {
        let stage = try await Stage()
        #expect(await stage.list.verdict(for: token()).isClear)
        try await stage.list.revoke(token(identifier: "x"))
        stage.primaries[0].answer { $0.first == "MGET" ? .bytes("-ERR not asked any more\r\n") : answerHealthily($0) }
        let other = stage.primaries[1].port
        #expect(await stage.change(0..<2) { $0.port = other })
        #expect(await eventually { await stage.list.verdict(for: token()).isClear })
        stage.primaries[0].forgetCounts()
        #expect(
            await eventually {
                (try? await stage.list.revoke(token())) == nil && stage.primaries[1].connectionCount > 1
            })
        let error = await #expect(throws: RevocationError.self) { try await stage.list.revoke(token()) }
        #expect(error?.code == .unreachable)
        #expect(!(stage.primaries[0].commands + stage.primaries[1].commands).contains { $0.first == "SETEX" })
        stage.pass(200)
        // Confirmed again at this time.
        #expect(await eventually { (try? await stage.list.revoke(token())) != nil })
        #expect(stage.primaries[1].commands.contains { $0.first == "SETEX" })
        await stage.end()
    }
}
