import Contract
import InMemoryTracing
import Logging
import Metrics
import MetricsTestKit
import Synchronization
import Testing
import Tracing

@testable import Revocation

/// What the failure policies make of knowing nothing.
@Suite struct AdmissionTests {
    /// A list over a store that can be away, at times that a test sets.
    private final class Stage: Sendable {
        let store: FlakyBackend
        let list: RevocationList
        let metrics = TestMetrics()
        let tracer = InMemoryTracer()
        let log = LogLines()
        private let clock = Elapsed()

        init() throws {
            var settings = configuration()
            let start = ContinuousClock.now
            settings.bootClock = { [clock] in start + clock.value }
            // Both clocks pass the same time: a wall clock that stood still would be one that is wrong.
            let wallStart = settings.wallClock()
            settings.wallClock = { [clock] in wallStart + clock.value.milliseconds }
            store = FlakyBackend(MemoryBackend(configuration: settings))
            list = try RevocationList(
                backend: store, configuration: settings, logger: log.logger, metrics: RevocationMetrics(metrics),
                tracer: tracer)
        }

        func pass(_ duration: Duration) { clock.add(duration) }

        func admission(_ token: TokenClaims, _ policy: FailurePolicy) async -> String {
            switch await list.admission(of: token, policy: policy) {
            case .admitted(let grounds): grounds.rawValue
            case .revoked(let reason): "revoked: \(reason.text)"
            case .refused(let cause): cause.code.rawValue
            }
        }

        func count(_ label: String, _ value: String) -> Int64? {
            metrics.counters
                .first { $0.label == "revoked_client_\(label)" && $0.dimensions.first?.1 == value }?.totalValue
        }
    }

    /// Time that has passed.
    private final class Elapsed: Sendable {
        private let elapsed = Mutex(Duration.zero)
        var value: Duration { elapsed.withLock { $0 } }
        func add(_ duration: Duration) { elapsed.withLock { $0 += duration } }
    }

    private static let alice = TokenClaims(
        issuer: "i", subject: "alice", session: "s1", identifier: "t1", client: "c", issuedAt: 1_799_998_000_000,
        expiresAt: 1_800_000_000_000)
    private static let bob = TokenClaims(
        issuer: "i", subject: "bob", session: "s2", identifier: "t2", client: "c", issuedAt: 1_799_998_000_000,
        expiresAt: 1_800_000_000_000)
    private static let minute = FailurePolicy.lastKnown(for: .seconds(60))

    @Test func whatIsProvenPassesWhateverThePolicy() async throws {
        let stage = try Stage()
        for policy in [.deny, .allow, Self.minute] as [FailurePolicy] {
            #expect(await stage.admission(Self.alice, policy) == "proven")
        }
        try await stage.list.revoke(Self.alice)
        for policy in [.deny, .allow, Self.minute] as [FailurePolicy] {
            #expect(await stage.admission(Self.alice, policy) == "revoked: logout")
        }
    }

    @Test func denyDeniesAndAllowAllows() async throws {
        let stage = try Stage()
        stage.store.failure = StoreFailure(.unreachable, "away")
        #expect(await stage.admission(Self.alice, .deny) == "unreachable")
        for _ in 0..<3 { #expect(await stage.admission(Self.alice, .allow) == "allowed") }
        #expect(stage.log.all.count { $0.contains("unchecked") } == 1)
        stage.pass(.seconds(1))
        #expect(await stage.admission(Self.alice, .allow) == "allowed")
        #expect(stage.log.all.count { $0.contains("unchecked") } == 2)
        #expect(stage.count("admissions_total", "allowed") == 4)
        #expect(stage.count("admissions_total", "refused") == 1)
        #expect(stage.count("checks_total", "unreachable") == 5)
        // Nothing names this one.
        stage.store.failure = nil
        let nameless = TokenClaims(issuer: "i", issuedAt: Self.bob.issuedAt, expiresAt: Self.bob.expiresAt)
        #expect(await stage.admission(nameless, .allow) == "unidentifiable")
    }

    /// Every cause but those that are the token's or the caller's.
    @Test func allowAllowsWhatIsTheStoresFault() {
        let refused = UnknownCause.Code.allCases.filter { !UnknownCause($0, "").isAllowed }
        #expect(refused == [.cancelled, .cutOffAhead, .unidentifiable, .tooLongLived])
    }

    /// No store keeps revocations for as long, and verifiers leave that to the list.
    @Test func whatLivesForTooLongDoesNotPassUnchecked() async throws {
        for hasSeenTerms in [false, true] {
            let stage = try Stage()
            if hasSeenTerms { #expect(await stage.admission(Self.bob, .allow) == "proven") }
            stage.store.failure = StoreFailure(.unreachable, "away")
            var token = Self.alice
            token.expiresAt = token.issuedAt.map { $0 + 30 * 86_400_000 }
            #expect(await stage.admission(token, .allow) == "allowed")
            token.expiresAt = token.issuedAt.map { $0 + 31 * 86_400_000 }
            #expect(await stage.admission(token, .allow) == "unreachable")
        }
    }

    @Test func lastKnownNeedsAProofOfItsOwn() async throws {
        let stage = try Stage()
        #expect(await stage.admission(Self.alice, Self.minute) == "proven")
        stage.store.failure = StoreFailure(.timedOut, "slow")
        #expect(await stage.admission(Self.alice, Self.minute) == "last_known")
        #expect(await stage.admission(Self.bob, Self.minute) == "timedOut")
        #expect(await stage.admission(Self.alice, .deny) == "timedOut")
        // The same jti with other claims, or another iat, was never proven.
        var other = Self.alice
        other.subject = "mallory"
        #expect(await stage.admission(other, Self.minute) == "timedOut")
        other = Self.alice
        other.issuedAt = 1_799_997_000_000
        #expect(await stage.admission(other, Self.minute) == "timedOut")
        stage.pass(.seconds(60))
        #expect(await stage.admission(Self.alice, Self.minute) == "last_known")
        stage.pass(.nanoseconds(1))
        #expect(await stage.admission(Self.alice, Self.minute) == "timedOut")
    }

    /// It counts from when the question was sent, not from when the answer came.
    @Test func theAgeCountsFromTheQuestion() async throws {
        let stage = try Stage()
        stage.store.whileAsking = { stage.pass(.seconds(40)) }
        #expect(await stage.admission(Self.alice, Self.minute) == "proven")
        stage.store.whileAsking = {}
        stage.store.failure = StoreFailure(.unreachable, "away")
        stage.pass(.seconds(20))
        #expect(await stage.admission(Self.alice, Self.minute) == "last_known")
        stage.pass(.seconds(1))
        #expect(await stage.admission(Self.alice, Self.minute) == "unreachable")
    }

    @Test(
        arguments: [
            [.token("t1", expiresAt: 1_800_000_000_000)], [.session("s1")], [.subject("alice")], [.client("c")],
            [.all()],
        ] as [[RevocationRequest]])
    func aRevocationOfOursDropsItAtOnce(requests: [RevocationRequest]) async throws {
        let stage = try Stage()
        #expect(await stage.admission(Self.alice, Self.minute) == "proven")
        try await stage.list.revoke(requests)
        stage.store.failure = StoreFailure(.unreachable, "away")
        for policy in [.deny, .allow, Self.minute] as [FailurePolicy] {
            #expect(await stage.admission(Self.alice, policy).hasPrefix("revoked: "))
        }
    }

    @Test func evenOneThatWasNotAcknowledged() async throws {
        let stage = try Stage()
        #expect(await stage.admission(Self.alice, Self.minute) == "proven")
        #expect(await stage.admission(Self.bob, Self.minute) == "proven")
        stage.store.failure = StoreFailure(.unreachable, "away")
        await #expect(throws: RevocationError.self) { try await stage.list.revoke(.session("s1")) }
        #expect(await stage.admission(Self.alice, Self.minute) == "unreachable")
        #expect(await stage.admission(Self.bob, Self.minute) == "last_known")
        #expect(stage.count("writes_total", "unreachable") == 1)
    }

    /// The terms are being read again, so what is to be revoked has the keys of the last ones.
    @Test func evenWhileTheTermsAreUnknown() async throws {
        let stage = try Stage()
        #expect(await stage.admission(Self.alice, Self.minute) == "proven")
        #expect(await stage.admission(Self.bob, Self.minute) == "proven")
        stage.list.pin.withLock { $0.forgetTerms() }
        stage.store.failure = StoreFailure(.unreachable, "away")
        await #expect(throws: RevocationError.self) { try await stage.list.revoke(.session("s1")) }
        stage.store.failure = nil
        #expect(await stage.list.verdict(of: .session("other")).isClear)
        stage.store.failure = StoreFailure(.unreachable, "away")
        #expect(await stage.admission(Self.alice, Self.minute) == "unreachable")
        #expect(await stage.admission(Self.bob, Self.minute) == "last_known")
    }

    /// The store took it after the look-up, and its answer was lost.
    @Test func alsoOneThatALookUpHasOvertaken() async throws {
        let stage = try Stage()
        #expect(await stage.admission(Self.bob, Self.minute) == "proven")
        stage.store.whileWriting = {
            stage.pass(.milliseconds(10))
            #expect(await stage.admission(Self.alice, Self.minute) == "proven")
            stage.pass(.milliseconds(10))
            stage.store.failure = StoreFailure(.timedOut, "slow")
        }
        await #expect(throws: RevocationError.self) { try await stage.list.revoke(.session("s1")) }
        #expect(await stage.admission(Self.alice, Self.minute) == "timedOut")
        #expect(await stage.admission(Self.bob, Self.minute) == "last_known")
    }

    @Test(arguments: [
        StoreFailure(.malformedReply, "garbage"), .init(.cancelled, "cancelled"),
    ])
    func onlyAStoreThatIsAwayIsStoodInFor(failure: StoreFailure) async throws {
        let stage = try Stage()
        #expect(await stage.admission(Self.alice, Self.minute) == "proven")
        stage.store.failure = failure
        #expect(await stage.admission(Self.alice, Self.minute) != "last_known")
    }

    /// What a store without memory said before does not count, even when it is away later.
    @Test func anEpochThatChangedEndsEveryProof() async throws {
        let stage = try Stage()
        #expect(await stage.admission(Self.alice, Self.minute) == "proven")
        stage.store.epoch = Array("another".utf8)
        #expect(await stage.admission(Self.bob, Self.minute) == "epochChanged")
        stage.store.failure = StoreFailure(.unreachable, "away")
        #expect(await stage.admission(Self.alice, Self.minute) == "unreachable")
    }

    @Test func revokedAnswersAreKeptForFiveSecondsAndLongerWhileTheStoreIsAway() async throws {
        let stage = try Stage()
        try await stage.store.write([
            RevocationEntry(key: "revoked:jti:t1", kind: .token, value: "admin", secondsToLive: 1_000)
        ])
        #expect(await stage.admission(Self.alice, .deny) == "revoked: admin")
        // Another process undoes it.
        _ = try await stage.store.remove(["revoked:jti:t1"])
        stage.pass(.milliseconds(4_999))
        #expect(await stage.admission(Self.alice, .deny) == "revoked: admin")
        stage.pass(.milliseconds(1))
        stage.store.failure = StoreFailure(.unreachable, "away")
        #expect(await stage.admission(Self.alice, .allow) == "revoked: admin")
        stage.store.failure = nil
        #expect(await stage.admission(Self.alice, .deny) == "proven")
    }

    @Test func undoingHereTakesEffectAtOnce() async throws {
        let stage = try Stage()
        try await stage.list.revoke(.session("s1"))
        #expect(await stage.admission(Self.alice, .deny) == "revoked: admin")
        #expect(try await stage.list.restore([.session("s1")]).count == 1)
        #expect(await stage.admission(Self.alice, .deny) == "proven")
    }

    @Test func spansAndCountersSayWhatCameOfIt() async throws {
        let stage = try Stage()
        _ = await stage.admission(Self.alice, .deny)
        try await stage.list.revoke(Self.alice)
        _ = await stage.admission(Self.alice, .deny)
        let spans = stage.tracer.finishedSpans
        #expect(spans.map(\.operationName) == ["revoked.check", "revoked.check"])
        #expect(spans.map { $0.attributes["revoked.outcome"]?.toSpanAttribute() } == ["clear", "revoked"])
        #expect(stage.count("checks_total", "clear") == 1)
        #expect(stage.count("checks_total", "revoked") == 1)
        #expect(stage.count("writes_total", "acknowledged") == 1)
        #expect(!"\(spans)".contains("alice"))
    }

    /// Over a connection, where it takes one command.
    @Test func whatBecomesOfALoneRevocationIsCountedAndKept() async throws {
        let store = try await FakeStore { command in
            command.contains("revoked:jti:refused") ? .bytes("-OOM full\r\n") : answerHealthily(command)
        }
        let location = try StoreURL(store.url).location
        let (metrics, log) = (TestMetrics(), LogLines())
        let list = try RevocationList(
            backend: RedisBackend(address: .fixed(location), configuration: configuration(), logger: log.logger),
            configuration: configuration(), logger: log.logger, metrics: RevocationMetrics(metrics))
        #expect(await list.verdict(for: token()).isClear)
        #expect(try await list.revoke(token()) == .revoked(secondsToLive: 1_120))
        await #expect(throws: RevocationError.self) { try await list.revoke(token(identifier: "refused")) }
        #expect(try await list.revoke(token(expiresAt: 1_700_000_000_000)) == .alreadyExpired)
        #expect(store.commands.count { $0.first == "SETEX" } == 2)
        let counts = metrics.counters.filter { $0.totalValue > 0 }
            .map { "\($0.label) \($0.dimensions.map(\.1)) \($0.totalValue)" }
        #expect(
            counts.filter { !$0.contains("checks") }.sorted() == [
                #"revoked_client_revocations_total ["token", "logout"] 1"#,
                #"revoked_client_writes_total ["acknowledged"] 1"#,
                #"revoked_client_writes_total ["storeError"] 1"#,
            ])
        await list.close()
        #expect(await list.verdict(for: token()).reason == "logout")
        #expect(await list.verdict(for: token(identifier: "refused")).unknownCode == .unreachable)
        #expect(!log.all.joined().contains("secret"))
        await store.stop()
    }

    @Test func whatIsKeptIsBounded() {
        var generations = TwoGenerationCache<Int, Int>(capacity: 10)
        for key in 0..<1_000 {
            generations[key] = key
            #expect(generations[key] == key)
            #expect((0...key).count { generations[$0] != nil } <= 20)
        }
        generations[999] = nil
        #expect(generations[999] == nil)
        #expect(generations[998] == 998)
    }
}

/// A denylist in memory that can be away, slow, or lose its epoch.
private final class FlakyBackend: Backend {
    private struct State {
        var failure: StoreFailure?
        var epoch: [UInt8]?
        var whileAsking: @Sendable () -> Void = {}
        var whileWriting: @Sendable () async -> Void = {}
    }

    private let backend: MemoryBackend
    private let state = Mutex(State())

    init(_ backend: MemoryBackend) { self.backend = backend }

    var failure: StoreFailure? {
        get { state.withLock { $0.failure } }
        set { state.withLock { $0.failure = newValue } }
    }

    var epoch: [UInt8]? {
        get { state.withLock { $0.epoch } }
        set { state.withLock { $0.epoch = newValue } }
    }

    var whileAsking: @Sendable () -> Void {
        get { state.withLock { $0.whileAsking } }
        set { state.withLock { $0.whileAsking = newValue } }
    }

    var whileWriting: @Sendable () async -> Void {
        get { state.withLock { $0.whileWriting } }
        set { state.withLock { $0.whileWriting = newValue } }
    }

    private func check() throws(StoreFailure) {
        if let failure { throw failure }
    }

    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?] {
        try check()
        whileAsking()
        var values = try await backend.lookUp(keys)
        if let epoch, let index = keys.firstIndex(of: Epoch.key) { values[index] = epoch }
        return values
    }

    func timedLookUp(_ keys: [String]) async throws(StoreFailure) -> TimedValues {
        try check()
        return try await backend.timedLookUp(keys)
    }

    func claim(_ entry: RevocationEntry, thenLookUp keys: [String]) async throws(StoreFailure) -> Witnessed<Claim> {
        try check()
        return try await backend.claim(entry, thenLookUp: keys)
    }

    func write(
        _ entries: [RevocationEntry], under terms: [UInt8]?, receipt: Bool
    ) async throws(StoreFailure) -> Witnessed<Written> {
        await whileWriting()
        try check()
        return try await backend.write(entries, under: terms, receipt: receipt)
    }

    func write(terms: [UInt8], over held: [UInt8]?) async throws(StoreFailure) -> Witness {
        try check()
        return try await backend.write(terms: terms, over: held)
    }

    func exchange(
        _ key: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64
    ) async throws(StoreFailure) -> Bool {
        try check()
        return try await backend.exchange(key, held, for: new, secondsToLive: secondsToLive)
    }

    func witnessOfWrites() async throws(StoreFailure) -> Witness? { nil }

    func remove(_ keys: [String]) async throws(StoreFailure) -> Witnessed<[RemovedEntry?]> {
        try check()
        return try await backend.remove(keys)
    }

    /// Known from before it went away.
    func status() async throws(StoreFailure) -> StoreStatus { try await backend.status() }

    func close() async {}
}
