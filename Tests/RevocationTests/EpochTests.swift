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
        let store = try await FakeStore { _ in .bytes("*4\r\n$6\r\nlogout\r\n$-1\r\n$-1\r\n$-1\r\n") }
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
        let most = (ContinuousClock.now - start) / EpochPin.acceptanceInterval + 1
        let asked = store.commands.count { $0.last == Epoch.acceptedKey }
        #expect(Double(asked) <= most)
        await list.close()
        await store.stop()
    }
}
