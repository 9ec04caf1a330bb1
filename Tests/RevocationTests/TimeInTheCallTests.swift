import Contract
import Synchronization
import Testing

@testable import Revocation

/// Cut-offs and log-ins go by the time that the store says in the call itself, not by one that was measured before.
@Suite(.timeLimit(.minutes(1))) struct TimeInTheCallTests {
    private static let start = configuration().wallClock()

    /// A store whose clock goes on by a millisecond with each command, and may be set.
    private final class Store: Sendable {
        let now = Mutex(start)
        /// When it last looked up a cut-off.
        let lookedUpAt = Mutex<Int64>(0)

        func answer(_ command: [String]) -> FakeStore.Answer {
            let now = now.withLock {
                $0 += 1
                return $0
            }
            if command.contains(where: { $0.hasPrefix("revoked:sub:") }) { lookedUpAt.withLock { $0 = now } }
            return command[0] == "TIME" ? .bytes(time(now)) : answerHealthily(command)
        }
    }

    private func run(_ body: (RevocationList, FakeStore, Store) async throws -> Void) async throws {
        let clock = Store()
        let store = try await FakeStore { clock.answer($0) }
        // The fake answers INFO and CLIENT by itself.
        store.answer { command in
            switch command[0] {
            case "INFO": .bytes(bulk("server_name:revoked\r\n"))
            case "CLIENT": .bytes("-ERR unknown command\r\n")
            default: clock.answer(command)
            }
        }
        // Its own clocks stand still, so that what was measured stays what it is.
        let list = try RevocationList(store.url, configuration: configuration(time: { Self.start }))
        try await list.revoke(.session("before"))
        #expect(await list.verdict(for: token()).isClear)
        try await body(list, store, clock)
        await list.close()
        await store.stop()
    }

    /// The store's clock was set ahead since it was measured: log-ins since then must end as well.
    @Test(arguments: [0, 1_000, 20_000] as [Int64]) func aCutOffIsOfTheTimeThatTheStoreSays(step: Int64) async throws {
        try await run { list, store, clock in
            clock.now.withLock { $0 += step }
            let before = clock.now.withLock { $0 }
            try await list.revoke(.subject("alice"))
            let written = store.commands.last { $0[0] == "SETEX" && $0[1] == "revoked:sub:alice" }
            let cutOff = try #require((written?[3]).flatMap { Int64($0) })
            #expect((before + 1...before + 10).contains(cutOff))
        }
    }

    /// A cut-off that the look-up did not show was set after the time of the log-in, and so covers it.
    @Test(arguments: [0, 1_000, 20_000] as [Int64]) func aLogInIsOfATimeBeforeItsLookUp(step: Int64) async throws {
        try await run { list, _, clock in
            clock.now.withLock { $0 += step }
            let before = clock.now.withLock { $0 }
            let time = try await list.issueTime(for: TokenClaims(issuer: "i", subject: "alice"))
            #expect((before + 1...before + 10).contains(time))
            #expect(time < clock.lookedUpAt.withLock { $0 })
        }
    }

    /// A node of an older release handed out a log-in as soon as another cut-off had pushed it ahead: whichever may
    /// have done so, or says how far ahead the presented token is, is reached.
    @Test func aCutOffReachesBehindEveryOtherThatMayHavePushedALogIn() async throws {
        let start = Self.start
        let backend = MemoryBackend(configuration: configuration(time: { start }))
        let list = try RevocationList(
            backend: backend, configuration: configuration(time: { start }), logger: LogLines().logger)
        func held(_ key: String) async throws -> Int64? {
            try await backend.lookUp([key])[0].flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
        }
        try await list.revoke(.all(issuedBefore: .at(start + 20_000)))
        try await list.revoke(.subject("alice"))
        #expect(try await held("revoked:sub:alice") == start + 20_001)
        try await list.revoke(.client("app", issuedBefore: .at(start + 30_000)))
        let bob = TokenClaims(issuer: "i", subject: "bob", client: "app", issuedAt: start)
        try await list.revoke(bob, scopes: [.subject])
        #expect(try await held("revoked:sub:bob") == start + 30_001)
        let carol = TokenClaims(issuer: "i", subject: "carol", issuedAt: start + 50_000)
        try await list.revoke(carol, scopes: [.subject])
        #expect(try await held("revoked:sub:carol") == start + 50_000)
        // A refresh is issued later than its log-in, which is what counts.
        let dave = TokenClaims(issuer: "i", subject: "dave", issuedAt: start + 50_000, authenticatedAt: start - 1)
        try await list.revoke(dave, scopes: [.subject])
        #expect(try await held("revoked:sub:dave") == start + 20_001)
    }

    // MARK: Several servers

    /// A cut-off is compared with the clock of the server that it is written to; a log-in must end by any of them.
    @Test func eachServerHasATimeOfItsOwn() async throws {
        let backend = SeveralClocks(MemoryBackend(configuration: configuration(time: { Self.start })))
        let list = try RevocationList(
            backend: backend, configuration: configuration(time: { Self.start }), logger: LogLines().logger)
        try await list.prepare()
        #expect(try await list.issueTime(for: TokenClaims(issuer: "i", subject: "alice")) == Self.start)
        try await list.revoke(.subject("alice"))
        try await list.revoke(.all())
        let held = try await backend.lookUp(["revoked:sub:alice", "revoked:all"])
        #expect(
            held.map { $0.map { String(decoding: $0, as: UTF8.self) } } == ["\(Self.start + 500)", "\(Self.start)"])
    }

    /// If a store's clock is unknown, so is whether it is right.
    @Test func aServerThatHasNotToldItsTimeProvesNothing() async throws {
        let backend = SeveralClocks(MemoryBackend(configuration: configuration(time: { Self.start })))
        let list = try RevocationList(
            backend: backend, configuration: configuration(time: { Self.start }), logger: LogLines().logger)
        #expect(await list.verdict(for: token()).unknownCode == .clockSkewed)
        #expect(await list.verdict(of: .session("s")).unknownCode == .clockSkewed)
        try await list.revoke(.session("s"))
        #expect(await list.verdict(of: .session("s")).reason == "admin")
    }
}

/// A denylist in memory whose keys are said to lie on two servers: that of subjects is half a second ahead.
private final class SeveralClocks: Backend {
    private let backend: MemoryBackend

    init(_ backend: MemoryBackend) { self.backend = backend }

    func timedLookUp(_ keys: [String]) async throws(StoreFailure) -> TimedValues {
        let timed = try await backend.timedLookUp(keys)
        let times = zip(keys, timed.times).map { $0.hasPrefix("revoked:sub:") ? $1 + 500 : $1 }
        return TimedValues(values: timed.values, times: times)
    }

    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?] { try await backend.lookUp(keys) }

    /// By a server that has not told its time.
    func check(_ keys: [String]) async throws(StoreFailure) -> (values: [[UInt8]?], clock: StoreClock?) {
        (try await backend.lookUp(keys), nil)
    }

    func claim(_ entry: RevocationEntry, thenLookUp keys: [String]) async throws(StoreFailure) -> Witnessed<Claim> {
        try await backend.claim(entry, thenLookUp: keys)
    }

    func write(
        _ entries: [RevocationEntry], under terms: [UInt8]?, receipt: Bool
    ) async throws(StoreFailure) -> Witnessed<Written> {
        try await backend.write(entries, under: terms, receipt: receipt)
    }

    func write(terms: [UInt8], over held: [UInt8]?) async throws(StoreFailure) -> Witness {
        try await backend.write(terms: terms, over: held)
    }

    func exchange(
        _ key: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64
    ) async throws(StoreFailure) -> Bool {
        try await backend.exchange(key, held, for: new, secondsToLive: secondsToLive)
    }

    func witnessOfWrites() async throws(StoreFailure) -> Witness? { nil }

    func remove(_ keys: [String]) async throws(StoreFailure) -> Witnessed<[RemovedEntry?]> {
        try await backend.remove(keys)
    }

    func status() async throws(StoreFailure) -> StoreStatus { try await backend.status() }

    func close() async {}
}
