import Contract
import Logging
import Synchronization
import Testing

@testable import Revocation

/// Exchanging refresh tokens, on every kind of store.
@Suite(.timeLimit(.minutes(1))) struct RotationTests {
    /// Where the claim takes different ways.
    enum Way: CaseIterable, Sendable {
        case memory, daemon, redis
        /// With the script that servers before 7.0 need.
        case redisWithScript

        func run(grace: Duration = .zero, _ body: (RevocationList) async throws -> Void) async throws {
            var settings = liveConfiguration()
            settings.rotationGrace = grace
            let kind: StoreKind =
                switch self {
                case .memory: .memory
                case .daemon: .daemon
                case .redis, .redisWithScript: .redis
                }
            try await kind.run { url in
                let list: RevocationList
                if self == .redisWithScript {
                    list = try RevocationList(
                        backend: redisBackend(url, settings, dialect: .stock(combinesSetOptions: false)),
                        configuration: settings, logger: LogLines().logger)
                } else {
                    list = try RevocationList(url, configuration: settings, logger: LogLines().logger)
                }
                try await body(list)
                await list.close()
            }
        }
    }

    private static func refreshToken(_ identifier: String = "first", issuedAt: Int64? = nil) -> TokenClaims {
        let now = liveConfiguration().wallClock()
        return TokenClaims(
            kind: .refresh, issuer: "i", subject: "sub", session: "sid", identifier: identifier,
            issuedAt: issuedAt ?? now - 1_000, expiresAt: now + 600_000)
    }

    private static func present(_ token: TokenClaims, to list: RevocationList, times: Int) async -> [RotationOutcome?] {
        await withTaskGroup(of: RotationOutcome?.self) { group in
            for _ in 0..<times { group.addTask { try? await list.rotate(token) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test(arguments: Way.allCases)
    func ofManyWhoPresentOneTokenOneWins(way: Way) async throws {
        try await way.run { list in
            let outcomes = await Self.present(Self.refreshToken(), to: list, times: 40)
            let winners = outcomes.compactMap { $0?.successor }
            #expect(outcomes.contains { $0?.isReused == true })
            #expect(outcomes.allSatisfy { $0?.successor != nil || $0?.isReused == true || $0?.isRevoked == true })
            // The winner may be the thief: the session has ended, perhaps before the winner was answered.
            #expect(winners.count == 1 || (way == .memory && winners.isEmpty))
            let new = Self.refreshToken(winners.first?.identifier ?? "next", issuedAt: winners.first?.issuedAt)
            #expect(await list.verdict(for: new).reason == "refresh token reused")
            let next = try await list.rotate(new)
            #expect(next.isRevoked)
        }
    }

    @Test(arguments: Way.allCases)
    func aFamilyGoesOnAndOn(way: Way) async throws {
        try await way.run { list in
            var token = Self.refreshToken()
            for _ in 0..<5 {
                guard case .rotated(let successor) = try await list.rotate(token) else {
                    return #expect(Bool(false), "the token is exchanged")
                }
                #expect(await list.verdict(for: token).reason == "rotated")
                token = Self.refreshToken(successor.identifier, issuedAt: successor.issuedAt)
                #expect(await list.verdict(for: token).isClear)
            }
            // The first of them, again.
            #expect(try await list.rotate(Self.refreshToken()).isReused)
            #expect(await list.verdict(for: token).reason == "refresh token reused")
        }
    }

    @Test(arguments: Way.allCases)
    func withinTheGraceThereIsOneSuccessor(way: Way) async throws {
        try await way.run(grace: .seconds(50)) { list in
            guard case .rotated(let successor) = try await list.rotate(Self.refreshToken()) else {
                return #expect(Bool(false), "the token is exchanged")
            }
            for _ in 0..<3 {
                guard case .repeated(let again) = try await list.rotate(Self.refreshToken()) else {
                    return #expect(Bool(false), "the same pair is handed out")
                }
                #expect(again.identifier == successor.identifier)
            }
            #expect(await list.verdict(for: Self.refreshToken(successor.identifier)).isClear)
            // Logging out is stronger than the grace.
            try await list.revoke(Self.refreshToken(), scopes: [.token, .session])
            #expect(try await list.rotate(Self.refreshToken()).isRevoked)
            #expect(try await list.rotate(Self.refreshToken(successor.identifier)).isRevoked)
        }
    }

    @Test func theGraceIsNotProlongedByUse() async throws {
        let now = Mutex(liveConfiguration().wallClock())
        var settings = configuration { now.withLock { $0 } }
        settings.rotationGrace = .seconds(10)
        let list = try RevocationList("memory:", configuration: settings)
        #expect(try await list.rotate(Self.refreshToken()).successor != nil)
        now.withLock { $0 += 9_999 }
        #expect(try await list.rotate(Self.refreshToken()).successor != nil)
        now.withLock { $0 += 1 }
        #expect(try await list.rotate(Self.refreshToken()).isReused)
    }

    @Test(arguments: Way.allCases)
    func loggingOutBeatsAnExchange(way: Way) async throws {
        try await way.run(grace: .seconds(50)) { list in
            #expect(try await list.rotate(Self.refreshToken()).successor != nil)
            try await list.revoke(Self.refreshToken(), scopes: [.token])
            #expect(await list.verdict(for: Self.refreshToken()).reason == "logout")
            #expect(try await list.rotate(Self.refreshToken()).isRevoked)
        }
    }

    @Test func onlyARefreshTokenThatCanBeRevokedIsExchanged() async throws {
        let list = try RevocationList("memory:", configuration: liveConfiguration())
        for change: (inout TokenClaims) -> Void in [
            { $0.kind = .access }, { $0.identifier = nil }, { $0.identifier = "" }, { $0.session = nil },
            { $0.session = "" }, { $0.expiresAt = nil }, { $0.issuedAt = nil },
        ] {
            var token = Self.refreshToken()
            change(&token)
            let error = await #expect(throws: RevocationError.self) { try await list.rotate(token) }
            #expect(error?.code == .unrevocableToken)
        }
        var expired = Self.refreshToken()
        expired.expiresAt = liveConfiguration().wallClock() - 200_000
        #expect(try await list.rotate(expired).isRevoked)
    }

    /// The store has done it, and the answer did not come: the same token is then exchanged for the same successor.
    @Test func aCallerThatTimedOutRecognisesItsOwnSuccessor() async throws {
        let held = Mutex<String?>(nil)
        let isSlow = Atomic(true)
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { command in
            switch command.first {
            case "SET":
                let before = held.withLock { held in
                    defer { held = held ?? command[2] }
                    return held
                }
                return isSlow.load(ordering: .relaxed) ? .last("") : .bytes(before.map(bulk) ?? "$-1\r\n")
            case "MGET" where command.contains("revoked:jti:first"):
                let value = held.withLock { $0.map(bulk) } ?? "$-1\r\n"
                return .bytes(
                    "*\(command.count - 1)\r\n" + value + String(repeating: "$-1\r\n", count: command.count - 3)
                        + bulk("epoch"))
            default: return answerHealthily(command)
            }
        }
        let list = try RevocationList(store.url, configuration: configuration())
        // Both times are by the tests' own clock: between that and the machine's may lie more than a token may live.
        var token = Self.refreshToken(issuedAt: configuration().wallClock() - 1_000)
        token.expiresAt = configuration().wallClock() + 600_000
        #expect(try await list.rotate(token).unknownCode == .unreachable)
        isSlow.store(false, ordering: .relaxed)
        let proposed = held.withLock { $0.flatMap { Rotation(value: Array($0.utf8)) } }
        var outcome: RotationOutcome?
        #expect(
            await eventually {
                outcome = try? await list.rotate(token)
                return outcome?.unknownCode == nil
            })
        #expect(outcome?.successor?.identifier == proposed?.successor)
        // It was handed out: from now on it is a reuse.
        #expect(try await list.rotate(token).isReused)
        await list.close()
        await store.stop()
    }

    @Test func whatIsNotSettledIsForgottenInTime() {
        var unsettled = PendingSuccessors()
        unsettled.keep("a", for: "jos\u{E9}")
        #expect(unsettled.take("jose\u{301}") == nil)
        for index in 0..<3 * PendingSuccessors.capacity { unsettled.keep("\(index)", for: "k\(index)") }
        #expect(unsettled.take("k\(3 * PendingSuccessors.capacity - 1)") != nil)
        #expect(unsettled.take("k\(3 * PendingSuccessors.capacity - 1)") == nil)
        #expect(unsettled.take("k\(2 * PendingSuccessors.capacity)") != nil)
        #expect(unsettled.take("k\(2 * PendingSuccessors.capacity - 1)") == nil)
    }
}

/// A backend of a store at a URL.
func redisBackend(
    _ url: String, _ settings: RevocationConfiguration = liveConfiguration(), dialect: StoreDialect? = nil
) throws -> RedisBackend {
    guard case .server(let location, let access) = try StoreURL(url) else {
        throw RevocationError(.invalidURL, "a server is needed")
    }
    return RedisBackend(
        address: .fixed(location), access: access, configuration: settings, logger: LogLines().logger,
        dialect: dialect)
}

extension RotationOutcome {
    /// What a pair is handed out for.
    var successor: Successor? {
        switch self {
        case .rotated(let successor), .repeated(let successor): successor
        case .reused, .revoked, .unknown: nil
        }
    }

    var isReused: Bool { if case .reused = self { true } else { false } }
    var isRevoked: Bool { if case .revoked = self { true } else { false } }
    var unknownCode: UnknownCause.Code? { if case .unknown(let cause) = self { cause.code } else { nil } }
}
