import Contract
import TestSupport
import Testing

@testable import Revocation

/// A list that follows, at a time of the test's, once its first check was asked over the wire.
final class FollowedList: Sendable {
    static let start: Int64 = 1_799_999_000_000

    let now = TestClock(wall: FollowedList.start)
    let log = LogLines()
    let store: FollowedStore
    let list: RevocationList

    init(
        guardedPrefix: String = "revoked:", maximumBytes: Int = 64 << 20,
        _ change: (inout FollowedStore.State) -> Void = { _ in },
        configure: (inout RevocationConfiguration) -> Void = { _ in }
    ) async throws {
        let clock: @Sendable () -> Int64 = { [now] in now.wall }
        store = try await FollowedStore(guardedPrefix: guardedPrefix, time: clock)
        store.change(change)
        // The tests' clock of `TIME` is that of `configuration()`.
        var settings = configuration(time: clock)
        settings.checks = .local(maximumBytes: maximumBytes)
        settings.revokedAnswerLifetime = .zero
        configure(&settings)
        list = try RevocationList(store.url, configuration: settings, logger: log.logger)
        // Where the keys are not guarded nothing is clear.
        #expect(await list.verdict(for: token(session: nil)).isClear == (guardedPrefix == Namespace.defaultPrefix))
    }

    func end() async {
        await list.close()
        await store.stop()
    }

    /// Whether checks are answered here, now or soon.
    func isHeld() async -> Bool { await eventually { list.answersLocally == true } }

    func local(_ identifier: String, kind: TokenClaims.Kind = .access) -> Verdict? {
        var claims = token(identifier: identifier, session: nil)
        claims.kind = kind
        return list.localVerdict(for: claims)
    }
}
