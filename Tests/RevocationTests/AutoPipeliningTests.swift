import Contract
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
        guard case .server(let location, _) = try StoreURL(store.url) else { return }
        let backend = RedisBackend(
            address: .fixed(location), configuration: configuration(), logger: LogLines().logger,
            loopCount: 2)
        for _ in 0..<4 { #expect(try await backend.lookUp(["revoked.epoch"]) == [Array("epoch".utf8)]) }
        #expect(store.connectionCount == 2)
        await backend.close()
        await store.stop()
    }
}
