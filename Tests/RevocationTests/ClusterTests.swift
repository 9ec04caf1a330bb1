import Contract
import Synchronization
import Testing

@testable import Revocation

/// Real clusters of redis-server.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ClusterTests {
    private static func settings() -> RevocationConfiguration {
        var settings = liveConfiguration()
        settings.revokedAnswerLifetime = .zero
        return settings
    }

    private static func initialise(_ cluster: RedisCluster) async throws -> String {
        let administration = try StoreAdministration(cluster.url, logger: LogLines().logger)
        guard case .written(let epoch) = try await administration.initialise() else {
            throw StoreFailure.unexpectedReply
        }
        #expect(try await administration.initialise() == .alreadyThere(epoch: epoch))
        await administration.close()
        return epoch
    }

    private static func list(_ cluster: RedisCluster) throws -> RevocationList {
        try RevocationList(cluster.url, configuration: settings(), logger: LogLines().logger)
    }

    private static func token(_ name: String, kind: TokenClaims.Kind = .access) -> TokenClaims {
        let now = liveConfiguration().wallClock()
        return TokenClaims(
            kind: kind, issuer: "i", subject: "sub-\(name)", session: "sid-\(name)", identifier: name,
            client: "client-\(name)", issuedAt: now - 1_000, expiresAt: now + 600_000)
    }

    @Test func everythingOverSeveralNodes() async throws {
        let cluster = try await RedisCluster()
        let list = try Self.list(cluster)
        #expect(await list.verdict(for: Self.token("a")).unknownCode == .epochMissing)
        let epoch = try await Self.initialise(cluster)

        for index in 0..<20 {
            let token = Self.token("t\(index)")
            #expect(await list.verdict(for: token).isClear)
            let requests: [RevocationRequest] = [
                .token("t\(index)", expiresAt: token.expiresAt ?? 0), .session("sid-t\(index)"),
                .subject("sub-t\(index)"), .client("client-t\(index)"),
            ]
            let request = requests[index % 4]
            #expect(try await list.revoke([request]).count == 1)
            #expect(await list.verdict(for: token).reason != nil)
            #expect(try await list.restore(requests.map(\.scope)).map(\.scope) == [request.scope])
            #expect(await list.verdict(for: token).isClear)
        }
        // A log-in after log out everywhere, and a refresh.
        var login = Self.token("login", kind: .refresh)
        try await list.revoke(login, scopes: [.subject])
        login.issuedAt = try await list.issueTime(for: login)
        #expect(await list.verdict(for: login).isClear)
        guard case .rotated(let successor) = try await list.rotate(login) else {
            return #expect(Bool(false), "the token is exchanged")
        }
        #expect(successor.issuedAt >= login.issuedAt ?? .max)
        guard case .reused = try await list.rotate(login) else { return #expect(Bool(false), "it was used") }
        #expect(await list.verdict(for: login).reason != nil)
        #expect(await list.readiness().isReady)

        // Each slot is a witness of its own: an acknowledgement takes all of them.
        let odd = cluster.primary(of: "{odd}")
        let oddEpoch = ClusterSlot.epochKey(of: ClusterSlot.of("{odd}"))
        #expect(try await odd.ask("SET", oddEpoch, "other") == .ok)
        for sessions in [["a", "{odd}"], ["{odd}", "a"]] {
            let error = await #expect(throws: RevocationError.self) {
                try await list.revoke(sessions.map { .session($0) })
            }
            #expect(error?.code == .epochChanged)
        }
        #expect(try await odd.ask("SET", oddEpoch, epoch) == .ok)

        // A part that loses its memory is noticed by each call to it.
        _ = try await cluster.primary(of: "{lost}").ask("FLUSHALL")
        #expect(await list.verdict(for: Self.token("{lost}")).unknownCode == .epochMissing)
        let administration = try StoreAdministration(cluster.url, logger: LogLines().logger)
        let error = await #expect(throws: RevocationError.self) { try await administration.initialise() }
        #expect(error?.code == .epochChanged)
        let acceptance = try await administration.acceptEpoch()
        #expect(acceptance.accepted != epoch)
        #expect(await eventually { await list.verdict(for: Self.token("{lost}")).isClear })
        #expect(
            try await administration.acceptEpoch()
                == .init(replaced: epoch, accepted: acceptance.accepted, isOld: true))
        await administration.close()
        await list.close()
        withExtendedLifetime(cluster) {}
    }

    @Test func aSlotThatMovesUnderChecks() async throws {
        let cluster = try await RedisCluster()
        _ = try await Self.initialise(cluster)
        let list = try Self.list(cluster)
        let slot = "\(ClusterSlot.of("{move}"))"
        let source = cluster.primary(of: "{move}")
        let target = cluster.primaries.first { $0.port != source.port } ?? source
        let watcher = Watcher(list, revoked: Self.token("{move}revoked"), clear: Self.token("{move}clear"))
        try await list.revoke(Self.token("{move}revoked"))
        let watching = Task { await watcher.run() }
        #expect(await eventually { watcher.count > 10 })

        let (sourceName, targetName) = (
            try await RedisCluster.identifier(of: source), try await RedisCluster.identifier(of: target)
        )
        try await RedisCluster.demand(target, "SETSLOT", slot, "IMPORTING", sourceName)
        try await RedisCluster.demand(source, "SETSLOT", slot, "MIGRATING", targetName)
        // Written on the way: the old node does not have it, and sends on.
        for name in ["{move}during", "{move}during2"] {
            try await list.revoke(Self.token(name))
            #expect(await list.verdict(for: Self.token(name)).reason == "logout")
            #expect(await list.verdict(for: Self.token("{move}revoked")).reason == "logout")
        }
        #expect(await list.verdict(for: Self.token("{move}clear")).isClear)
        guard case .array(let keys) = try await source.ask("CLUSTER", "GETKEYSINSLOT", slot, "100") else {
            return #expect(Bool(false), "there are keys")
        }
        // The revocation, the epoch and the terms of the slot.
        #expect(keys.count == 3)
        for key in keys {
            guard case .bulk(let bytes) = key else { throw Unexpected(what: "\(key)") }
            let name = String(decoding: bytes, as: UTF8.self)
            #expect(try await source.ask("MIGRATE", "127.0.0.1", "\(target.port)", name, "0", "5000") == .ok)
            #expect(await list.verdict(for: Self.token("{move}revoked")).reason == "logout")
            #expect(await list.verdict(for: Self.token("{move}clear")).isClear)
        }
        for node in [target, source] + cluster.primaries {
            try await RedisCluster.demand(node, "SETSLOT", slot, "NODE", targetName)
        }
        let count = watcher.count
        #expect(await eventually { watcher.count > count + 10 })
        for name in ["{move}revoked", "{move}during", "{move}during2"] {
            #expect(await list.verdict(for: Self.token(name)).reason == "logout")
        }
        watcher.stop()
        #expect(await watching.value == [])
        await list.close()
        withExtendedLifetime(cluster) {}
    }

    /// The epoch that is still at the source says nothing of keys that went to the target.
    @Test func aTargetThatLosesItsMemoryWhileASlotMoves() async throws {
        let cluster = try await RedisCluster()
        _ = try await Self.initialise(cluster)
        let list = try Self.list(cluster)
        let slot = ClusterSlot.of("{move}")
        let source = cluster.primary(of: "{move}")
        let target = cluster.primaries.first { $0.port != source.port } ?? source
        let now = liveConfiguration().wallClock()
        let token = TokenClaims(issuer: "i", session: "{move}", issuedAt: now - 1_000, expiresAt: now + 600_000)
        try await list.revoke(.session("{move}"))
        let (sourceName, targetName) = (
            try await RedisCluster.identifier(of: source), try await RedisCluster.identifier(of: target)
        )
        try await RedisCluster.demand(target, "SETSLOT", "\(slot)", "IMPORTING", sourceName)
        try await RedisCluster.demand(source, "SETSLOT", "\(slot)", "MIGRATING", targetName)
        let moved = try await source.ask("MIGRATE", "127.0.0.1", "\(target.port)", "revoked:sid:{move}", "0", "5000")
        #expect(moved == .ok)
        #expect(await list.verdict(for: token).reason == "admin")
        _ = try await target.ask("FLUSHALL")
        // The list that was told before remembers it.
        let other = try Self.list(cluster)
        #expect(await other.verdict(for: token).unknownCode == .epochMissing)
        await other.close()
        await list.close()
        withExtendedLifetime(cluster) {}
    }

    @Test func aPrimaryThatIsKilled() async throws {
        let cluster = try await RedisCluster()
        _ = try await Self.initialise(cluster)
        let list = try Self.list(cluster)
        let names = (0..<50).map { "t\($0)" }
        try await list.revoke(names.map { .token($0, expiresAt: liveConfiguration().wallClock() + 600_000) })
        // The replica has all of it.
        let offset = { (node: RedisServer) async throws -> String? in
            guard case .bulk(let bytes) = try await node.ask("INFO", "replication") else { return nil }
            let fields = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            return fields.first { $0.hasPrefix("master_repl_offset") }.map(String.init)
        }
        let isCopied = await eventually {
            guard let one = try? await offset(cluster.primaries[0]), let other = try? await offset(cluster.replica)
            else { return false }
            return one == other
        }
        try #require(isCopied)
        cluster.primaries[0].kill()
        // Nothing that was revoked is ever clear, and in the end all is as before.
        let isBack = await eventually(within: .seconds(30)) {
            var allAreRevoked = true
            for name in names {
                let verdict = await list.verdict(for: Self.token(name))
                if verdict.isClear { Issue.record("clear: \(name)") }
                if verdict.reason == nil { allAreRevoked = false }
            }
            guard allAreRevoked else { return false }
            for index in 0..<20 where await !list.verdict(for: Self.token("clear\(index)")).isClear { return false }
            return true
        }
        #expect(isBack, "the promoted replica is found")
        try await list.revoke(.all())
        #expect(await list.verdict(for: Self.token("clear")).reason != nil)
        await list.close()
        withExtendedLifetime(cluster) {}
    }

    @Test func noNodeAtAll() async throws {
        let list = try RevocationList("redis+cluster://127.0.0.1:1,127.0.0.1:2", configuration: Self.settings())
        #expect(await list.verdict(for: Self.token("a")).unknownCode == .unreachable)
        let error = await #expect(throws: RevocationError.self) { try await list.revoke(Self.token("a")) }
        #expect(error?.code == .unreachable)
        await list.close()
    }
}

/// Asks again and again about a token that is revoked and one that is not.
private final class Watcher: Sendable {
    private let list: RevocationList
    private let revoked: TokenClaims
    private let clear: TokenClaims
    private let isOver = Atomic(false)
    private let rounds = Atomic(0)

    init(_ list: RevocationList, revoked: TokenClaims, clear: TokenClaims) {
        self.list = list
        self.revoked = revoked
        self.clear = clear
    }

    var count: Int { rounds.load(ordering: .relaxed) }
    func stop() { isOver.store(true, ordering: .relaxed) }

    /// - Returns: what was wrong.
    func run() async -> [String] {
        var wrong: [String] = []
        while !isOver.load(ordering: .relaxed) {
            if await list.verdict(for: revoked).isClear { wrong.append("clear") }
            if await list.verdict(for: clear).reason != nil { wrong.append("revoked") }
            rounds.wrappingAdd(1, ordering: .relaxed)
            await Task.yield()
        }
        return wrong
    }
}
