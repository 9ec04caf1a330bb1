import Contract
import Synchronization
import Testing

@testable import Revocation

@Suite(.timeLimit(.minutes(1))) struct EpochTests {
    @Test func aStoreWithoutEpochIsNeverBelieved() async throws {
        let store = try await FakeStore { .bytes(values($0.count - 1, epoch: nil)) }
        let list = try RevocationList(store.url, configuration: configuration())
        let verdict = await list.verdict(for: token())
        #expect(verdict.unknownCode == .epochMissing)
        #expect("\(verdict)".contains("revoked init"))
        #expect(await list.readiness().code == .epochMissing)
        await list.close()
        await store.stop()
    }

    @Test(arguments: [nil, "", "another"])
    func anEpochThatGoesOrChangesIsNoticedAtTheNextCheck(next: String?) async throws {
        let epoch = Mutex<String?>("first")
        let store = try await FakeStore { .bytes(values($0.count - 1, epoch: epoch.withLock { $0 })) }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).isClear)
        epoch.withLock { $0 = next }
        #expect(await list.verdict(for: token()).unknownCode == (next == "another" ? .epochChanged : .epochMissing))
        epoch.withLock { $0 = "first" }
        #expect(await list.verdict(for: token()).isClear)
        await list.close()
        await store.stop()
    }

    @Test func aConfiguredEpochIsBelievedAndNoOther() async throws {
        let store = try await FakeStore.healthy(epoch: "theirs")
        var settings = configuration()
        settings.epoch = "ours"
        let list = try RevocationList(store.url, configuration: settings)
        #expect(await list.verdict(for: token()).unknownCode == .epochChanged)
        settings.epoch = "theirs"
        let other = try RevocationList(store.url, configuration: settings)
        #expect(await other.verdict(for: token()).isClear)
        await list.close()
        await other.close()
        await store.stop()
    }

    @Test func aRevocationIsToldWhateverTheEpoch() async throws {
        let store = try await FakeStore { command in
            .bytes(
                "*\(command.count - 1)\r\n"
                    + command.dropFirst().map { $0.contains("jti") ? bulk("logout") : "$-1\r\n" }.joined())
        }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token(session: "s")).reason == "logout")
        await list.close()
        await store.stop()
    }

    @Test func theQuestionForAnAcceptanceIsNotAskedForEachCheck() async throws {
        let store = try await FakeStore.healthy(epoch: "theirs")
        var settings = configuration()
        settings.epoch = "ours"
        let list = try RevocationList(store.url, configuration: settings)
        let start = ContinuousClock.now
        for _ in 0..<100 { _ = await list.verdict(for: token()) }
        let most = (ContinuousClock.now - start) / EpochPin.interval + 1
        let asked = store.commands.count { $0.last == Epoch.acceptedKey }
        #expect(Double(asked) <= most)
        await list.close()
        await store.stop()
    }

    /// The answer was on its way when the operator revoked again and accepted: it knows nothing of that.
    @Test func anAcceptanceVouchesForNoEarlierAnswer() async throws {
        let backend = SlowBackend()
        let list = try RevocationList(backend: backend, configuration: configuration(), logger: LogLines().logger)
        #expect(await list.verdict(for: token()).isClear)
        backend.epoch.withLock { $0 = Array("second".utf8) }
        backend.isSlow.store(true, ordering: .relaxed)
        let check = Task { await list.verdict(for: token()) }
        #expect(await eventually { backend.isWaiting.load(ordering: .relaxed) })
        #expect(await list.readiness().isReady)
        backend.isSlow.store(false, ordering: .relaxed)
        #expect(await check.value.unknownCode == .epochChanged)
        #expect(await list.verdict(for: token()).isClear)
    }
}

/// Holds no revocation, has its epoch accepted, and answers checks late if it is told to.
private final class SlowBackend: Backend {
    let epoch = Mutex(Array("first".utf8))
    let isSlow = Atomic(false)
    let isWaiting = Atomic(false)

    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?] {
        let epoch = epoch.withLock { $0 }
        let accepted = Epoch.Identity(epoch: epoch, replacing: Array("first".utf8)).bytes
        guard keys.last != Epoch.acceptedKey else { return [nil, epoch, accepted] }
        while isSlow.load(ordering: .relaxed) {
            isWaiting.store(true, ordering: .relaxed)
            await Task.yield()
        }
        return keys.map { $0 == Epoch.key ? epoch : nil }
    }

    func timedLookUp(_ keys: [String]) async throws(StoreFailure) -> TimedValues {
        TimedValues(values: try await lookUp(keys), time: 0)
    }

    func claim(_ entry: RevocationEntry, thenLookUp keys: [String]) async throws(StoreFailure) -> Witnessed<Claim> {
        Witnessed(Claim(existing: nil, after: try await timedLookUp(keys)), witness)
    }

    private var witness: Witness { Witness(terms: nil, epoch: epoch.withLock { $0 }) }

    func write(
        _ entries: [RevocationEntry], under terms: [UInt8]?, receipt: Bool
    ) async throws(StoreFailure) -> Witnessed<Written> {
        Witnessed(Written(), witness)
    }

    func write(terms: [UInt8], over held: [UInt8]?) async throws(StoreFailure) -> Witness { witness }

    func exchange(
        _ key: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64
    ) async throws(StoreFailure) -> Bool {
        false
    }

    func witnessOfWrites() async throws(StoreFailure) -> Witness? { nil }

    func remove(_ keys: [String]) async throws(StoreFailure) -> Witnessed<[RemovedEntry?]> { Witnessed([], witness) }

    func status() async throws(StoreFailure) -> StoreStatus {
        let boot = configuration().bootMilliseconds
        return StoreStatus(clock: StoreClock(time: configuration().wallClock(), sentAt: boot, receivedAt: boot))
    }

    func close() async {}
}
