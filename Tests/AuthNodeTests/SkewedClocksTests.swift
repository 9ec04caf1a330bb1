import AuthNode
import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import Revocation
import RevocationHTTP
import RevokedServer
import Synchronization
import Testing

/// Nodes whose clocks differ by a minute, on one daemon.
@Suite(.timeLimit(.minutes(5))) struct SkewedClocksTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func node(
        ahead milliseconds: Int64, _ url: String, _ keys: KeyRing, _ accounts: Accounts
    ) throws -> (Node, RevocationList) {
        let clock = WallClock { RevocationConfiguration().wallClock() + milliseconds }
        var configuration = RevocationConfiguration()
        configuration.wallClock = { clock.now }
        configuration.commandTimeout = .seconds(5)
        configuration.issuerLeads = ["revoked": .zero]
        let list = try RevocationList(url, configuration: configuration, logger: logger)
        return (
            try Node(
                TestNode.settings, keys: keys, accounts: accounts, denylist: list, clock: clock, logger: logger), list
        )
    }

    /// 10,000 times: log in on one, log out everywhere on the other, log in again at once.
    @Test func loggingInAgainAtOnceIsNeverTakenForTheStolenToken() async throws {
        let wrong = try await Self.wrongAnswers(time: .system) { users, nodes in
            try await withThrowingTaskGroup(of: Wrong.self) { group in
                for user in users { group.addTask { try await Self.loop(500, as: user, nodes) } }
                return try await group.reduce(Wrong()) { $0 + $1 }
            }
        }
        #expect(wrong == Wrong())
    }

    /// The daemon's clock is set back again and again, each time between a log-in and the log-out that must end it.
    @Test func aStoreClockThatGoesBackSparesNoToken() async throws {
        let behind = Atomic<Int64>(0)
        let machine = TimeSource.system
        let time = TimeSource(wall: { machine.wall() - behind.load(ordering: .relaxed) }, boot: machine.boot)
        let wrong = try await Self.wrongAnswers(time: time) { users, nodes in
            var wrong = Wrong()
            for (round, user) in users.enumerated() {
                let (here, there) = (nodes[round % 2], nodes[(round / 2 + 1) % 2])
                let token = try await here.pair(user).access
                let other = try await there.pair(user).access
                behind.wrappingAdd(1_400, ordering: .relaxed)
                let answer = try await here.post("/logout-everywhere", "", [.authorization: "Bearer \(token)"])
                if answer.status != .ok { wrong.rejects += 1 }
                for node in nodes {
                    if try await node.me(other).status != .unauthorized { wrong.accepts += 1 }
                    if try await node.me(token).status != .unauthorized { wrong.accepts += 1 }
                }
                if try await there.me(try await there.pair(user).access).status != .ok { wrong.rejects += 1 }
            }
            return wrong
        }
        #expect(wrong == Wrong())
    }

    private static func wrongAnswers(
        time: TimeSource,
        _ body: @escaping @Sendable (_ users: [String], _ nodes: [any TestClientProtocol]) async throws -> Wrong
    ) async throws -> Wrong {
        var settings = ServerConfiguration()
        (settings.port, settings.threads) = (0, 1)
        let server = RevokedServer(settings, time: time, logger: Self.logger)
        guard case .tcp(_, let port) = try await server.start().first else { throw CancellationError() }
        let url = "redis://127.0.0.1:\(port)"
        var accounts = Accounts()
        let users = (0..<20).map { "user\($0)" }
        let cost = PasswordCost(rounds: 1 << 4, blockSize: 8, parallelism: 1)
        for user in users { try accounts.add(user, password: "correct horse", cost: cost) }
        let keys = try await KeyRing([SigningKey(generating: .eddsa)])
        let (fast, fastList) = try Self.node(ahead: 29_000, url, keys, accounts)
        let (slow, slowList) = try Self.node(ahead: -29_000, url, keys, accounts)

        let wrong = try await fast.application().test(.router) { fast in
            try await slow.application().test(.router) { slow in try await body(users, [fast, slow]) }
        }
        for list in [fastList, slowList] { await list.close() }
        await server.stop()
        return wrong
    }

    private struct Wrong: Equatable {
        var accepts = 0
        var rejects = 0

        static func + (left: Wrong, right: Wrong) -> Wrong {
            Wrong(accepts: left.accepts + right.accepts, rejects: left.rejects + right.rejects)
        }
    }

    private static func loop(
        _ rounds: Int, as user: String, _ nodes: [any TestClientProtocol]
    ) async throws -> Wrong {
        var wrong = Wrong()
        var token = try await nodes[0].pair(user).access
        for round in 0..<rounds {
            let (here, there) = (nodes[round % 2], nodes[(round / 2 + 1) % 2])
            let answer = try await here.post("/logout-everywhere", "", [.authorization: "Bearer \(token)"])
            if answer.status != .ok { wrong.rejects += 1 }
            let new = try await there.pair(user).access
            if try await there.me(token).status != .unauthorized { wrong.accepts += 1 }
            if try await here.me(new).status != .ok { wrong.rejects += 1 }
            token = new
        }
        return wrong
    }
}
