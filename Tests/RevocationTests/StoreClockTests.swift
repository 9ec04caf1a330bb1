import Contract
import NIOCore
import Synchronization
import Testing

@testable import Revocation

/// Times are the store's: a server with a wrong clock must not shorten a revocation, nor misread a cut-off.
@Suite(.timeLimit(.minutes(1))) struct StoreClockTests {
    private static let now = configuration().wallClock()

    @Test(arguments: [-20_000, 0, 29_999, 86_400_000] as [Int64])
    func aRevocationIsKeptByTheStoresClock(offset: Int64) async throws {
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { $0.first == "TIME" ? .bytes(time(Self.now + offset)) : answerHealthily($0) }
        let list = try RevocationList(store.url, configuration: configuration())
        let expiry = Self.now + offset + 1_000_000
        #expect(try await list.revoke(token(expiresAt: expiry)) == .revoked(secondsToLive: 1_120))
        // The time is known now: nothing but the revocation is sent.
        store.forgetCounts()
        try await list.revoke(token(expiresAt: expiry))
        #expect(store.commands.map(\.first) == ["SETEX"])
        await list.close()
        await store.stop()
    }

    /// By its own clock, this server would find the cut-off implausible.
    @Test func aCutOffIsReadOnTheStoresClock() async throws {
        let store = try await FakeStore { answerHealthily($0) }
        let cutOff = Self.now + 80_000
        store.answer { command in
            switch command.first {
            case "TIME": .bytes(time(Self.now + 25_000))
            case "MGET" where command.contains("revoked:sub:alice"):
                .bytes(
                    "*\(command.count - 1)\r\n"
                        + command.dropFirst().map {
                            $0 == "revoked:sub:alice" ? bulk("\(cutOff)") : $0 == Epoch.key ? bulk("epoch") : "$-1\r\n"
                        }.joined())
            default: answerHealthily(command)
            }
        }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token(subject: "alice")).reason != nil)
        await list.close()
        await store.stop()
    }

    @Test(arguments: [(30_000, true), (-30_000, true), (30_001, false), (-30_001, false)] as [(Int64, Bool)])
    func aServerWhoseClockIsWrongIsNotReady(offset: Int64, isReady: Bool) async throws {
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { $0.first == "TIME" ? .bytes(time(Self.now + offset)) : answerHealthily($0) }
        let log = LogLines()
        let list = try RevocationList(store.url, configuration: configuration(), logger: log.logger)
        let readiness = await list.readiness()
        #expect(readiness.isReady == isReady)
        if case .clockSkewed(let milliseconds) = readiness { #expect(milliseconds == -offset) }
        #expect(log.all.contains { $0.contains("clock") } == !isReady)
        await list.close()
        await store.stop()
    }

    @Test func aClockThatIsSetLaterIsNoticed() async throws {
        let clock = Mutex(Self.now)
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { command in
            command.first == "TIME" ? .bytes(time(clock.withLock { $0 })) : answerHealthily(command)
        }
        guard case .server(let location, _) = try StoreURL(store.url) else { return }
        let backend = RedisBackend(
            address: .fixed(location), configuration: configuration(), logger: LogLines().logger,
            examinationInterval: .milliseconds(10))
        let list = try RevocationList(backend: backend, configuration: configuration(), logger: LogLines().logger)
        #expect(await list.readiness().isReady)
        clock.withLock { $0 -= 60_000 }
        #expect(await eventually { await !list.readiness().isReady })
        clock.withLock { $0 += 60_000 }
        #expect(await eventually { await list.readiness().isReady })
        #expect(store.connectionCount == 1)
        await list.close()
        await store.stop()
    }

    @Test(arguments: [
        "*1\r\n$1\r\n1", "*2\r\n$1\r\nx\r\n$1\r\n0", "*2\r\n$12\r\n999999999999\r\n$1\r\n0", "+OK", "-ERR no",
    ])
    func aStoreThatDoesNotTellItsTimeIsNotUsed(reply: String) async throws {
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { $0.first == "TIME" ? .bytes(reply + "\r\n") : answerHealthily($0) }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).unknownCode != nil)
        await #expect(throws: RevocationError.self) { try await list.revoke(token()) }
        await list.close()
        await store.stop()
    }
}
