import Contract
import Synchronization
import Testing

@testable import Revocation

/// From when answers of a connection count, at times that a test sets.
@Suite struct AnswerAgeTests {
    private static let revoked = "*4\r\n$6\r\nlogout\r\n$-1\r\n$-1\r\n" + bulk("epoch")

    /// A list whose clock says what `elapsed` adds to its start.
    private func list(_ store: FakeStore, _ elapsed: @escaping @Sendable () -> Duration) throws -> RevocationList {
        var settings = configuration()
        let start = ContinuousClock.now
        settings.bootClock = { start + elapsed() }
        let wall = settings.wallClock()
        settings.wallClock = { wall + elapsed().milliseconds }
        return try RevocationList(store.url, configuration: settings)
    }

    /// The store takes a second to answer, and the five seconds count from before.
    @Test func aRevokedAnswerIsKeptForFiveSecondsFromWhenTheStoreWasAsked() async throws {
        let milliseconds = Atomic(Int64(0))
        let store = try await FakeStore.healthy()
        let list = try list(store) { .milliseconds(milliseconds.load(ordering: .relaxed)) }
        #expect(await list.verdict(for: token()).isClear)
        for begin in [Int64(10_000), 30_000] {
            milliseconds.store(begin, ordering: .relaxed)
            store.answer { command in
                milliseconds.store(begin + 1_000, ordering: .relaxed)
                return command.first == "MGET" ? .bytes(Self.revoked) : answerHealthily(command)
            }
            #expect(!(await list.verdict(for: token()).isClear))
            store.answer { answerHealthily($0) }
            store.forgetCounts()
            milliseconds.store(begin + 4_999, ordering: .relaxed)
            #expect(!(await list.verdict(for: token()).isClear))
            // Another token is asked about all the same.
            #expect(await list.verdict(for: token(identifier: "other")).isClear)
            #expect(store.commands.count == 1)
            milliseconds.store(begin + 5_000, ordering: .relaxed)
            #expect(await list.verdict(for: token()).isClear)
            #expect(store.commands.count == 2)
        }
        await list.close()
        await store.stop()
    }

    @Test func aClearAnswerCountsFromWhenTheStoreWasAsked() async throws {
        let milliseconds = Atomic(Int64(0))
        let store = try await FakeStore.healthy()
        let list = try list(store) { .milliseconds(milliseconds.load(ordering: .relaxed)) }
        let minute = FailurePolicy.lastKnown(for: .seconds(60))
        func grounds() async -> Admission.Grounds? {
            guard case .admitted(let grounds) = await list.admission(of: token(), policy: minute) else { return nil }
            return grounds
        }
        #expect(await grounds() == .proven)
        store.answer { command in
            milliseconds.store(40_000, ordering: .relaxed)
            return answerHealthily(command)
        }
        #expect(await grounds() == .proven)
        await store.stop()
        #expect(await eventually { await grounds() == .lastKnown })
        milliseconds.store(60_000, ordering: .relaxed)
        #expect(await grounds() == .lastKnown)
        milliseconds.store(60_001, ordering: .relaxed)
        #expect(await grounds() == nil)
        await list.close()
    }

    @Test func aTimeIsKeptToTheNanosecond() {
        let now = ContinuousClock.now
        for nanoseconds in [Int64(-1_000_000_001), -1, 0, 1, 1_000_000_001] {
            let instant = SentTime(now).instant.map { $0 + .nanoseconds(nanoseconds) }
            #expect(instant.flatMap { SentTime($0).instant } == instant)
        }
        #expect(SentTime.never.instant == nil)
    }
}
