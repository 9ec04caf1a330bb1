import Contract
import NIOCore
import NIOPosix
import Testing

@testable import Revocation

@Suite(.timeLimit(.minutes(1))) struct AutoPipeliningTests {
    @Test func manyCallersShareFewWrites() async throws {
        let store = try await FakeStore.healthy()
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).isClear)
        store.forgetCounts()
        let callers = 2_000
        let clear = await withTaskGroup { group in
            for number in 0..<callers {
                group.addTask { await list.verdict(for: token(identifier: "jti-\(number)")).isClear }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(clear == callers)
        #expect(store.commands.count == callers)
        #expect(store.reads < callers / 2, "\(store.reads) reads for \(callers) checks")
        await list.close()
        await store.stop()
    }

    @Test func theFirstCallersWaitForOneConnectionAndGoOutTogether() async throws {
        let store = try await FakeStore.healthy()
        let list = try RevocationList(store.url, configuration: configuration())
        await withTaskGroup { group in
            for _ in 0..<100 { group.addTask { #expect(await list.verdict(for: token()).isClear) } }
        }
        #expect(store.connectionCount == 1)
        await list.close()
        await store.stop()
    }

    /// While a connection is being made, no more are kept than may wait for replies later.
    @Test func noMoreCallersAreKeptThanMayWait() async throws {
        let store = try await FakeStore { _ in .nothing }
        store.answer { _ in .nothing }
        let location = try StoreURL(store.url).location
        let connections = StoreConnection.Configuration(
            address: .fixed(location), access: .init(), encryption: nil, configuration: configuration(),
            report: { _ in })
        let connection = StoreConnection(loop: MultiThreadedEventLoopGroup.singleton.next(), configuration: connections)
        let most = CommandPipeline.maximumOutstanding
        let kept = Task { try await connection.call(Array(repeating: Command("PING"), count: most)) }
        #expect(await eventually { !store.commands.isEmpty })
        let failure = await #expect(throws: StoreFailure.self) { try await connection.call([Command("PING")]) }
        #expect(failure?.message.contains("too many") == true)
        try await connection.close().get()
        await #expect(throws: StoreFailure.closed) { try await kept.value }
        await store.stop()
    }

    /// A node that answers checks again must not fail log-outs meanwhile: its connection for writes had long been down,
    /// and would have waited for its next attempt.
    @Test func aConnectionThatIsBackBringsTheOthersBack() async throws {
        let store = try await FakeStore.healthy()
        store.answer { _ in .last("") }
        let connections = StoreConnection.Configuration(
            address: .fixed(try StoreURL(store.url).location), access: .init(), encryption: nil,
            configuration: configuration(), report: { _ in })
        let loops = [MultiThreadedEventLoopGroup.singleton.next(), MultiThreadedEventLoopGroup.singleton.next()]
        let long = StoreConnection(loop: loops[0], configuration: connections)
        await #expect(throws: StoreFailure.self) { try await long.call([Command("PING")]) }
        // By then it waits for at least 400 ms.
        #expect(await eventually { store.connectionCount >= 5 && store.openConnectionCount == 0 })
        store.answer { answerHealthily($0) }
        let new = StoreConnection(loop: loops[1], configuration: connections)
        let get = [Command("MGET", "revoked.epoch")]
        #expect(try await new.call(get).count == 1)
        #expect(try await long.call(get).count == 1)
        for connection in [long, new] { try await connection.close().get() }
        await store.stop()
    }

    @Test func aTokenAndItsSessionAreRevokedInOneWrite() async throws {
        let store = try await FakeStore.healthy()
        let list = try RevocationList(store.url, configuration: configuration())
        try await list.revoke(token())
        store.forgetCounts()
        try await list.revoke(token(), reason: .compromised, scopes: [.token, .session])
        #expect(store.reads == 1)
        #expect(
            store.commands == [
                ["SETEX", "revoked:jti:secret-jti", "1120", "compromised"],
                ["SETEX", "revoked:sid:secret-sid", "2592120", "compromised"],
                ["MGET", "revoked.terms", "revoked.epoch"],
            ])
        await list.close()
        await store.stop()
    }

    @Test func checksAndWritesHaveConnectionsOfTheirOwn() async throws {
        let store = try await FakeStore { command in
            command.first == "SETEX" ? .nothing : answerHealthily(command)
        }
        let list = try RevocationList(store.url, configuration: configuration())
        let write = Task { try await list.revoke(token()) }
        #expect(await eventually { store.commands.contains { $0.first == "SETEX" } })
        #expect(await list.verdict(for: token()).isClear)
        #expect(store.connectionCount == 2)
        await list.close()
        await #expect(throws: RevocationError.self) { try await write.value }
        await store.stop()
    }

    @Test func aPairOfConnectionsForEachEventLoop() async throws {
        let store = try await FakeStore.healthy()
        let location = try StoreURL(store.url).location
        let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var configuration = configuration()
        configuration.eventLoops = eventLoops
        let backend = RedisBackend(
            address: .fixed(location), configuration: configuration, logger: LogLines().logger)
        for _ in 0..<4 { #expect(try await backend.lookUp(["revoked.epoch"]) == [Array("epoch".utf8)]) }
        #expect(store.connectionCount == 2)
        await backend.close()
        try await eventLoops.shutdownGracefully()
        await store.stop()
    }

    @Test func aTaskOnAnEventLoopIsAnsweredThere() async throws {
        let store = try await FakeStore.healthy()
        let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var configuration = configuration()
        configuration.eventLoops = eventLoops
        let list = try RevocationList(store.url, configuration: configuration)
        for loop in Array(eventLoops.makeIterator()) {
            await withTaskExecutorPreference(EventLoopTaskExecutor(loop)) {
                for _ in 0..<3 {
                    #expect(loop.inEventLoop)
                    #expect(await list.verdict(for: token()).isClear)
                }
                #expect(loop.inEventLoop)
            }
        }
        // One for each loop that was asked on.
        #expect(store.connectionCount == 2)
        await list.close()
        try await eventLoops.shutdownGracefully()
        await store.stop()
    }

    /// hiredis formats every command but this and the next.
    @Test(arguments: [
        "a", "01890a5d-ac96-774b-bcce-b302099a8057", "a:b\r\n", "\0", "Ä😀", String(repeating: "x", count: 256),
        String(repeating: "x", count: 257), "sha256:x", "sha256", String(repeating: "ß", count: 128),
    ])
    func aCheckIsFormattedAsHiredisWould(identifier: String) throws {
        for namespace in [Namespace(), try Namespace(issuerLabel: String(repeating: "l", count: 32))] {
            for mask in 0..<32 {
                func claim(_ bit: Int) -> String? { mask & (1 << bit) == 0 ? nil : identifier }
                let token = TokenClaims(
                    issuer: "i", subject: claim(0), session: claim(1), identifier: claim(2), client: claim(3),
                    key: claim(4))
                var (direct, formatted) = (ByteBuffer(), ByteBuffer())
                CallBatch(PendingCheck(token, in: namespace, nil)).write(to: &direct, at: .never)
                formatted.write(Command("MGET", Check(token, in: namespace).keys))
                #expect(direct == formatted)
                guard let none = try? TermsInForce(TermsInForce.sample.terms, prefix: "revoked:", bytes: nil) else {
                    return
                }
                (direct, formatted) = (ByteBuffer(), ByteBuffer())
                let pinnedEpoch = PinnedEpoch(Array("e".utf8), terms: none)
                CallBatch(PendingCheck(token, in: namespace, pinnedEpoch)).write(to: &direct, at: .never)
                formatted.write(Command("MGET", Check(token, in: namespace, readsTerms: true).keys))
                #expect(direct == formatted)
            }
        }
    }

    @Test(arguments: [1, 9, 10, 1_120, 34_473_720, .max / 1_000, .max] as [Int64])
    func aRevocationIsFormattedAsHiredisWould(secondsToLive: Int64) {
        for length in [1, 9, 10, 36, 99, 100, 128, 256, 999, 1_000, 12_345] {
            for value in ["logout", "", "Ä😀 \r\n\0", String(repeating: "r", count: 128)] {
                let key = "revoked:jti:" + String(repeating: "k", count: length)
                let entry = RevocationEntry(key: key, kind: .token, value: value, secondsToLive: secondsToLive)
                var (direct, formatted) = (ByteBuffer(), ByteBuffer())
                CallBatch(PendingRevocation(entry, PinnedEpoch([]))).write(to: &direct, at: .never)
                formatted.write(Command("SETEX", key, "\(secondsToLive)", value))
                #expect(direct == formatted)
            }
        }
    }

    @Test func manyRevocationsShareFewWrites() async throws {
        let store = try await FakeStore.healthy()
        let list = try RevocationList(store.url, configuration: configuration())
        try await list.revoke(token())
        store.forgetCounts()
        let callers = 2_000
        try await withThrowingTaskGroup { group in
            for number in 0..<callers {
                group.addTask { try await list.revoke(token(identifier: "jti-\(number)")) }
            }
            for try await acknowledgement in group { #expect(acknowledgement == .revoked(secondsToLive: 1_120)) }
        }
        let revoked = store.commands.filter { $0.first == "SETEX" }
        #expect(Set(revoked.map { $0[1] }).count == callers)
        #expect(revoked.count == callers)
        // Many share the question who has taken them.
        #expect((1..<callers / 2).contains(store.commands.count - callers))
        #expect(store.reads < callers / 2, "\(store.reads) reads for \(callers) revocations")
        await list.close()
        await store.stop()
    }
}
