import Contract
import Foundation
import NIOCore
import Testing

@testable import Revocation

/// Against redis-server as Debian ships it.
@Suite(.timeLimit(.minutes(1))) struct RealStoreTests {
    @Test func theWholeStory() async throws {
        let server = try await RedisServer()
        let log = LogLines()
        let list = try RevocationList(server.url, configuration: liveConfiguration(), logger: log.logger)
        #expect(await list.verdict(for: liveToken()).unknownCode == .epochMissing)

        let administration = try StoreAdministration(server.url, logger: log.logger)
        guard case .written(let epoch) = try await administration.initialise() else {
            return #expect(Bool(false), "an empty store gets an epoch")
        }
        #expect(try await administration.initialise() == .alreadyThere(epoch: epoch))
        #expect(await list.verdict(for: liveToken()).isClear)
        #expect(await list.readiness().warnings?.first?.contains("no append-only file") == true)

        #expect(try await list.revoke(liveToken(), scopes: [.token, .session]).keeps(for: 1_120))
        #expect(await list.verdict(for: liveToken()).reason == "logout")
        #expect(await list.verdict(for: liveToken(identifier: "other")).reason == "logout")
        #expect(await list.verdict(for: liveToken(identifier: "other", session: "other")).isClear)
        #expect(log.all.contains { $0.contains("no append-only file") })
        #expect(!log.all.contains { $0.contains("secret") })
        await list.close()
        await administration.close()
    }

    @Test func theTimeToLiveIsWritten() async throws {
        let server = try await RedisServer()
        try await initialise(server.url)
        let location = try StoreURL(server.url).location
        let backend = RedisBackend(
            address: .fixed(location), configuration: liveConfiguration(), logger: LogLines().logger)
        let list = try RevocationList(backend: backend, configuration: liveConfiguration(), logger: LogLines().logger)
        try await list.revoke(liveToken(), reason: .admin, scopes: [.token, .session])
        let replies = try await backend.replies([
            Command("PTTL", "revoked:jti:secret-jti"), Command("PTTL", "revoked:sid:secret-sid"),
            Command("GET", "revoked:jti:secret-jti"),
        ])
        for (reply, seconds) in zip(replies, [1_120, 30 * 86_400 + 120] as [Int64]) {
            guard case .integer(let milliseconds) = reply else { return #expect(Bool(false), "\(reply)") }
            #expect(milliseconds <= seconds * 1_000 && milliseconds > (seconds - 30) * 1_000)
        }
        #expect(replies[2] == .bulk(Array("admin".utf8)))
        await list.close()
    }

    @Test func aStoreThatComesBackEmptyIsUnknownUntilAccepted() async throws {
        let server = try await RedisServer()
        let administration = try StoreAdministration(server.url)
        let first = try await administration.newEpoch()
        let log = LogLines()
        let list = try RevocationList(server.url, configuration: liveConfiguration(), logger: log.logger)
        #expect(await list.verdict(for: liveToken()).isClear)

        server.kill()
        #expect(await list.verdict(for: liveToken()).unknownCode == .unreachable)
        try await server.restart()
        #expect(await eventually { await list.verdict(for: liveToken()).unknownCode == .epochMissing })
        let refusal = await #expect(throws: RevocationError.self) {
            try await afterReconnecting { () async throws(RevocationError) in try await administration.acceptEpoch() }
        }
        #expect(refusal?.code == .epochMissing)

        let second = try await administration.newEpoch()
        #expect(second != first)
        #expect(await list.verdict(for: liveToken()).unknownCode == .epochChanged)
        #expect(await list.readiness().code == .epochChanged)
        // This store can acknowledge nothing.
        let disbelief = await #expect(throws: RevocationError.self) {
            try await afterReconnecting { () async throws(RevocationError) in
                try await list.revoke(liveToken(identifier: "stolen"))
            }
        }
        #expect(disbelief?.code == .epochChanged)
        #expect(await list.verdict(for: liveToken(identifier: "stolen")).unknownCode == .epochChanged)

        let vague = await #expect(throws: RevocationError.self) { try await administration.acceptEpoch() }
        #expect(vague?.message.contains("--replaces") == true)
        let acceptance = try await administration.acceptEpoch(replacing: first)
        #expect(acceptance == .init(replaced: first, accepted: second, isOld: false))
        #expect(await eventually { await list.verdict(for: liveToken()).isClear })
        #expect(log.all.contains { $0.contains("accepted by an operator") })
        #expect(await list.readiness().isReady)
        #expect(try await administration.acceptEpoch() == .init(replaced: first, accepted: second, isOld: true))
        await list.close()
        await administration.close()
    }

    @Test func passwords() async throws {
        let server = try await RedisServer("--requirepass", "hunter2")
        let right = server.url.replacing("redis://", with: "redis://:hunter2@")
        let administration = try StoreAdministration(right)
        guard case .written = try await administration.initialise() else {
            return #expect(Bool(false), "the right password opens the store")
        }
        let list = try RevocationList(right, configuration: liveConfiguration())
        #expect(await list.verdict(for: liveToken()).isClear)
        try await list.revoke(liveToken())
        let user = try RevocationList(
            server.url.replacing("redis://", with: "redis://default:hunter%32@"), configuration: liveConfiguration())
        #expect(await user.verdict(for: liveToken()).reason == "logout")
        for url in [server.url, server.url.replacing("redis://", with: "redis://:hunter3@")] {
            let log = LogLines()
            let other = try RevocationList(url, configuration: liveConfiguration(), logger: log.logger)
            let verdict = await other.verdict(for: liveToken())
            #expect(verdict.unknownCode == .storeError)
            let error = await #expect(throws: RevocationError.self) { try await other.revoke(liveToken()) }
            #expect(error?.code == .storeError)
            #expect(!("\(verdict) \(String(reflecting: error)) \(log.all)").contains("hunter"))
            await other.close()
        }
        await list.close()
        await user.close()
        await administration.close()
    }

    @Test func aStoreThatEvictsIsRefusedUnlessAcceptedByName() async throws {
        let server = try await RedisServer("--maxmemory-policy", "allkeys-lru")
        var settings = liveConfiguration()
        let list = try RevocationList(server.url, configuration: settings)
        #expect(await list.verdict(for: liveToken()).unknownCode == .storeError)
        let error = await #expect(throws: RevocationError.self) { try await list.revoke(liveToken()) }
        #expect(error?.code == .unsafeStore)
        #expect(error?.message.contains("allkeys-lru") == true)
        settings.acceptedEvictionPolicies = ["allkeys-lru"]
        try await initialise(server.url, settings)
        let accepting = try RevocationList(server.url, configuration: settings)
        #expect(try await accepting.revoke(liveToken()).keeps(for: 1_120))
        await list.close()
        await accepting.close()
    }

    @Test func aReplicaIsRefusedUnlessAccepted() async throws {
        let primary = try await RedisServer()
        let replica = try await RedisServer("--replicaof", "127.0.0.1", "\(primary.port)")
        var settings = liveConfiguration()
        let list = try RevocationList(replica.url, configuration: settings)
        #expect(await list.verdict(for: liveToken()).unknownCode == .storeError)
        let error = await #expect(throws: RevocationError.self) { try await list.revoke(liveToken()) }
        #expect(error?.code == .unsafeStore)
        settings.acceptsReplica = true
        settings.epoch = "expected"
        let accepting = try RevocationList(replica.url, configuration: settings)
        #expect(await accepting.verdict(for: liveToken()).unknownCode == .epochMissing)
        await list.close()
        await accepting.close()
    }

    @Test func aPrimaryThatBecomesAReplicaIsNoticed() async throws {
        let server = try await RedisServer()
        let location = try StoreURL(server.url).location
        let backend = RedisBackend(
            address: .fixed(location), configuration: liveConfiguration(), logger: LogLines().logger,
            examinationInterval: .milliseconds(20))
        _ = try await backend.lookUp([Epoch.key])
        // No server answers there.
        _ = try await backend.replies([Command("REPLICAOF", "127.0.0.1", "1")])
        #expect(
            await eventually {
                do throws(StoreFailure) {
                    _ = try await backend.lookUp([Epoch.key])
                    return false
                } catch {
                    return error.code == .unsafeStore
                }
            })
        await backend.close()
    }

    @Test func aUnixSocket() async throws {
        let path = NSTemporaryDirectory() + "revoked-test-\(UInt64.random(in: 0 ... .max)).sock"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try await RedisServer("--unixsocket", path)
        // It answers on TCP before it listens here; a first connection that is refused is tried again.
        try #require(await eventually { FileManager.default.fileExists(atPath: path) })
        try await initialise(server.url)
        let list = try RevocationList("redis+unix://\(path)", configuration: liveConfiguration())
        try #require(await eventually { await list.verdict(for: liveToken()).unknownCode != .unreachable })
        #expect(try await list.revoke(liveToken()).keeps(for: 1_120))
        #expect(await list.verdict(for: liveToken()).reason == "logout")
        await list.close()
        server.kill()
    }

    @Test func identifiersOfAnyBytesAreKeptApart() async throws {
        let server = try await RedisServer()
        let administration = try StoreAdministration(server.url)
        _ = try await administration.initialise()
        let list = try RevocationList(server.url, configuration: liveConfiguration())
        let identifiers = [
            "a b", "a\r\nSET x y", "a\0b", "ü€𐍈", "sha256:x", ":", "jti:a", String(repeating: "x", count: 100_000),
            "%s%n",
        ]
        for identifier in identifiers { #expect(await list.verdict(for: liveToken(identifier: identifier)).isClear) }
        for identifier in identifiers {
            #expect(await list.verdict(for: liveToken(identifier: identifier)).isClear)
            try await list.revoke(liveToken(identifier: identifier))
            #expect(await list.verdict(for: liveToken(identifier: identifier)).reason == "logout")
        }
        await list.close()
        await administration.close()
    }

    /// Tries again for as long as the connection is on its way back.
    @discardableResult
    private func afterReconnecting<Result: Sendable>(
        _ operation: () async throws(RevocationError) -> Result
    ) async throws(RevocationError) -> Result {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            do throws(RevocationError) {
                return try await operation()
            } catch {
                guard error.code == .unreachable, ContinuousClock.now < end else { throw error }
                await Task.yield()
            }
        }
    }
}
