import Contract
import Synchronization
import Testing

@testable import Revocation

/// A log-in that follows "log out everywhere" lives, and the stolen token of the same millisecond does not.
@Suite(.timeLimit(.minutes(2))) struct IssueTimeTests {
    private static func claims(_ subject: String, issuedAt: Int64? = nil) -> TokenClaims {
        TokenClaims(issuer: "i", subject: subject, client: "client", issuedAt: issuedAt)
    }

    /// Twice 5,000 times revoke everywhere, then log in again, on two nodes whose clocks differ by a minute.
    @Test(arguments: [StoreKind.daemon, .redis])
    func thousandsOfLogIns(kind: StoreKind) async throws {
        try await kind.run { url in
            let wall = liveConfiguration().wallClock
            var (fast, slow) = (liveConfiguration(), liveConfiguration())
            fast.wallClock = { wall() + 29_900 }
            slow.wallClock = { wall() - 29_900 }
            let nodes = [
                try RevocationList(url, configuration: fast), try RevocationList(url, configuration: slow),
            ]
            let wrong = try await withThrowingTaskGroup(of: [Int].self) { group in
                for user in 0..<50 { group.addTask { try await Self.loop(subject: "user\(user)", nodes) } }
                return try await group.reduce([0, 0]) { [$0[0] + $1[0], $0[1] + $1[1]] }
            }
            #expect(wrong == [0, 0], "false accepts, false rejects")
            for node in nodes { await node.close() }
        }
    }

    /// - Returns: false accepts, false rejects.
    private static func loop(subject: String, _ nodes: [RevocationList]) async throws -> [Int] {
        var wrong = [0, 0]
        for round in 0..<100 {
            let (login, logout) = (nodes[round % 2], nodes[(round / 2 + 1) % 2])
            let stolen = claims(subject, issuedAt: try await login.issueTime(for: claims(subject)))
            if await !logout.verdict(for: stolen).isClear { wrong[1] += 1 }
            try await logout.revoke(.subject(subject))
            if await login.verdict(for: stolen).reason == nil { wrong[0] += 1 }
        }
        return wrong
    }

    /// Cut-offs of different scopes in the same millisecond.
    @Test func anyLaterCutOffEndsWhatWasHandedOut() async throws {
        let list = try RevocationList("memory:", configuration: liveConfiguration())
        for round in 0..<50 {
            try await list.revoke(.client("client"))
            let token = Self.claims("alice", issuedAt: try await list.issueTime(for: Self.claims("alice")))
            #expect(await list.verdict(for: token).isClear)
            try await list.revoke(round % 2 == 0 ? .subject("alice") : .all())
            #expect(await list.verdict(for: token).reason != nil)
        }
    }

    @Test(arguments: [1, 20_000, 60_000] as [Int64])
    func aCutOffEndsWhatWasHandedOutBeforeTheClockWentBack(step: Int64) async throws {
        let wall = Atomic(configuration().wallClock())
        var configuration = configuration()
        configuration.wallClock = { wall.load(ordering: .relaxed) }
        let list = try RevocationList("memory:", configuration: configuration)
        let token = Self.claims("alice", issuedAt: try await list.issueTime(for: Self.claims("alice")))
        wall.wrappingSubtract(step, ordering: .relaxed)
        try await list.revoke(.subject("alice"))
        #expect(await list.verdict(for: token).reason != nil)
    }

    @Test func aCutOffFarAheadLetsNobodyIn() async throws {
        let now = configuration().wallClock()
        let list = try RevocationList("memory:", configuration: configuration())
        #expect(try await list.issueTime(for: Self.claims("alice")) == now)
        try await list.revoke(.subject("alice", issuedBefore: .at(now + 29_999)))
        #expect(try await list.issueTime(for: Self.claims("alice")) == now + 30_000)
        try await list.revoke(.client("client", issuedBefore: .at(now + 30_000)))
        let cause = await #expect(throws: UnknownCause.self) { try await list.issueTime(for: Self.claims("alice")) }
        #expect(cause?.code == .cutOffAhead)
    }

    @Test func withoutItsEpochNobodyLogsIn() async throws {
        let server = try await RedisServer()
        let list = try RevocationList(server.url, configuration: liveConfiguration())
        let cause = await #expect(throws: UnknownCause.self) { try await list.issueTime(for: Self.claims("alice")) }
        #expect(cause?.code == .epochMissing)
        server.kill()
        let away = await #expect(throws: UnknownCause.self) { try await list.issueTime(for: Self.claims("alice")) }
        #expect(away?.code == .unreachable)
        await list.close()
    }
}
