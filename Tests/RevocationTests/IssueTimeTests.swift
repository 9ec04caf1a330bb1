import Contract
import Synchronization
import Testing

@testable import Revocation

/// A log-in that follows "log out everywhere" lives, and the stolen token of the same millisecond does not.
@Suite(.timeLimit(.minutes(2))) struct IssueTimeTests {
    private static func claims(_ subject: String, issuedAt: Int64? = nil) -> TokenClaims {
        TokenClaims(
            issuer: "i", subject: subject, client: "client", issuedAt: issuedAt,
            expiresAt: issuedAt.map { $0 + 600_000 })
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

    /// A clock that a pause moves.
    private final class Clock: Sendable {
        let now = Atomic(RevocationTests.configuration().wallClock())
        let paused = Atomic<Int64>(0)

        /// - Parameter share: how much of a pause the store's clock goes on by.
        func configuration(share: Double = 1) -> RevocationConfiguration {
            var configuration = RevocationTests.configuration { self.now.load(ordering: .relaxed) }
            configuration.pause = { duration in
                let milliseconds = Int64(duration / .milliseconds(1))
                #expect(milliseconds > 0)
                self.paused.wrappingAdd(milliseconds, ordering: .relaxed)
                self.now.wrappingAdd(Int64((Double(milliseconds) * share).rounded(.up)), ordering: .relaxed)
            }
            return configuration
        }
    }

    /// What is handed out is no later than what the store's clock says then: no cut-off can fall behind it.
    @Test(arguments: [0, 1, 2, 400, 700, 999] as [Int64], [1, 0.9, 0.5])
    func aLogInIsHandedOutWhenTheCutOffHasPassed(ahead: Int64, share: Double) async throws {
        let clock = Clock()
        let list = try RevocationList("memory:", configuration: clock.configuration(share: share))
        let start = clock.now.load(ordering: .relaxed)
        try await list.revoke(.all(issuedBefore: .at(start + ahead)))
        guard Double(ahead + 1) <= 1_000 * share else {
            let cause = await #expect(throws: UnknownCause.self) { try await list.issueTime(for: Self.claims("alice")) }
            #expect(cause?.code == .cutOffAhead)
            return
        }
        let token = Self.claims("alice", issuedAt: try await list.issueTime(for: Self.claims("alice")))
        #expect(await list.verdict(for: token).isClear)
        #expect(try #require(token.issuedAt) > start + ahead)
        #expect(try #require(token.issuedAt) <= clock.now.load(ordering: .relaxed))
        #expect(clock.paused.load(ordering: .relaxed) > 0)
        // A cut-off in the very millisecond of the log-in.
        try await list.revoke(.subject("alice"))
        #expect(await list.verdict(for: token).reason != nil)
    }

    @Test(arguments: [1_000, 30_000, 60_000] as [Int64])
    func aCutOffFarAheadAllowsNoLogIn(ahead: Int64) async throws {
        let clock = Clock()
        let list = try RevocationList("memory:", configuration: clock.configuration())
        let start = clock.now.load(ordering: .relaxed)
        #expect(try await list.issueTime(for: Self.claims("alice")) == start)
        try await list.revoke(.client("client", issuedBefore: .at(start + ahead)))
        let cause = await #expect(throws: UnknownCause.self) { try await list.issueTime(for: Self.claims("alice")) }
        #expect(cause?.code == .cutOffAhead)
        #expect(clock.paused.load(ordering: .relaxed) == 0)
    }

    @Test func aClockThatStandsStillIsAskedAFewTimesOnly() async throws {
        let clock = Clock()
        let list = try RevocationList("memory:", configuration: clock.configuration(share: 0))
        try await list.revoke(.subject("alice"))
        let cause = await #expect(throws: UnknownCause.self) { try await list.issueTime(for: Self.claims("alice")) }
        #expect(cause?.code == .cutOffAhead)
        #expect(clock.paused.load(ordering: .relaxed) == Limits.maximumLogInDelayMilliseconds)
    }

    /// A key that was revoked signs no new log-in.
    @Test func aRevokedKeyAllowsNoLogIn() async throws {
        let list = try RevocationList("memory:", configuration: configuration())
        var claims = Self.claims("alice")
        claims.key = "stolen"
        try await list.revoke(.key("stolen"))
        let cause = await #expect(throws: UnknownCause.self) { try await list.issueTime(for: claims) }
        #expect(cause?.message.contains("kid") == true)
        #expect(cause?.message.contains("stolen") == false)
    }

    @Test func withoutItsEpochNoLogInIsPossible() async throws {
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
