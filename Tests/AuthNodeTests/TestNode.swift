import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Revocation
import RevocationHTTP
import Synchronization
import TLS
import TestSupport
import Testing

@testable import AuthNode

/// A node with one account, a clock that a test sets, and a denylist in memory.
struct TestNode {
    static let start: Int64 = 1_800_000_000_456

    let denylist: TestDenylist
    let clock: TestClock
    let keys: KeyRing
    let node: Node
    private let accounts: Accounts

    /// - Parameter names: of the accounts.
    /// - Parameter passwords: of those who have another than all.
    /// - Parameter rounds: of scrypt; few, so that tests do not wait for it.
    /// - Parameter lead: what the denylist's terms give our own issuer.
    init(
        keys: [SigningKey] = [SigningKey(generating: .es256)], settings: NodeConfiguration = Self.settings,
        clients: Clients = Clients(), issuers: [TrustedIssuer] = [], providers: [IdentityProvider] = [],
        labels: [String: String] = [:],
        names: [String] = ["alice", "bob"], passwords: [String: String] = [:], rounds: Int = 1 << 4,
        lead: Duration = .zero,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) async throws {
        var accounts = Accounts()
        let cost = PasswordCost(rounds: rounds, blockSize: 8, parallelism: 1)
        for name in names {
            try accounts.add(name, password: passwords[name] ?? "correct horse", cost: cost)
        }
        clock = TestClock(wall: Self.start)
        denylist = try TestDenylist(clock: clock) {
            $0.issuers = labels.map { .init($0, label: $1) }
            $0.rotationGrace = settings.rotationGrace
            $0.issuerLeads = [settings.issuer: lead]
        }
        self.accounts = accounts
        self.keys = try await KeyRing(keys)
        node = try Node(
            settings, keys: self.keys, accounts: accounts, clients: clients, issuers: issuers, providers: providers,
            denylist: denylist, clock: WallClock { [clock] in clock.wall }, logger: logger)
    }

    /// Another node of the same keys, accounts and denylist.
    /// - Parameter offset: what its clock is ahead by, in milliseconds.
    func sibling(
        _ settings: NodeConfiguration, clients: Clients = Clients(), offset: Int64 = 0, tls: ServerTLS? = nil
    ) throws -> Node {
        try Node(
            settings, keys: keys, accounts: accounts, clients: clients, issuers: [], denylist: denylist,
            revokedKeys: RevokedKeys(), tls: tls, clock: WallClock { [clock] in clock.wall + offset },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    static var settings: NodeConfiguration {
        var settings = NodeConfiguration()
        settings.loginAttempts = 0
        settings.keys = "keys"
        settings.users = "users"
        return settings
    }

    func test<Value>(
        _ setup: TestingSetup = .router, _ body: @Sendable (any TestClientProtocol) async throws -> Value
    ) async throws -> Value {
        try await node.application().test(setup, body)
    }
}

extension TestClientProtocol {
    /// The access token of a new log-in.
    func token() async throws -> String { try await pair().access }

    /// Both tokens of a new log-in.
    func pair(_ name: String = "alice") async throws -> (access: String, refresh: String) {
        let answer = try await login(#"{"username":"\#(name)","password":"correct horse"}"#)
        return try answer.pair()
    }

    func refresh(_ token: String) async throws -> TestResponse {
        try await post("/refresh", #"{"refresh_token":"\#(token)"}"#)
    }

    func post(_ path: String, _ body: String, _ headers: HTTPFields = [:]) async throws -> TestResponse {
        try await execute(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body))
    }

    func login(_ body: String) async throws -> TestResponse {
        try await execute(uri: "/login", method: .post, body: ByteBuffer(string: body))
    }

    func me(_ token: String) async throws -> TestResponse {
        try await execute(uri: "/me", method: .get, headers: [.authorization: "Bearer \(token)"])
    }

    func logout(_ token: String) async throws -> TestResponse {
        try await execute(uri: "/logout", method: .post, headers: [.authorization: "Bearer \(token)"])
    }
}

extension TestResponse {
    func pair() throws -> (access: String, refresh: String) {
        let body = try json()
        return (
            try #require(body["access_token"] as? String), try #require(body["refresh_token"] as? String)
        )
    }

    var text: String { String(buffer: body) }

    func json() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(body.readableBytesView)) as? [String: Any] ?? [:]
    }
}

/// The segments of a token, read without looking at its signature.
struct TokenParts {
    let header: [String: Any]
    let claims: [String: Any]

    init(_ token: String) throws {
        let segments = token.split(separator: ".")
        func object(_ segment: Substring) throws -> [String: Any] {
            let data = Base64URL.decode(segment.utf8) ?? Data()
            return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        }
        header = try object(segments[0])
        claims = try object(segments[1])
    }
}
