import Contract
import TestSupport
import Testing

@testable import Revocation

/// Tokens that do not say when they were issued, or when they expire: their revocations may end before they do.
@Suite(.timeLimit(.minutes(1))) struct TimelessTokenTests {
    private static let start: Int64 = 1_799_999_000_000
    private static let second: Int64 = 1_000

    private static func claims(issuedAt: Int64?, expiresAt: Int64?) -> TokenClaims {
        TokenClaims(
            issuer: "i", subject: "alice", session: "s", identifier: "t", issuedAt: issuedAt, expiresAt: expiresAt)
    }

    /// Two lists over one denylist, whose terms say that tokens live for 100 s, at a time of the test's. The second one
    /// knows no lifetimes but those of `configure`.
    private struct Stage {
        let now = TestClock(wall: TimelessTokenTests.start)
        let writer: RevocationList
        let list: RevocationList

        init(_ configure: (inout RevocationConfiguration) -> Void = { _ in }) async throws {
            let clock: @Sendable () -> Int64 = { [now] in now.wall }
            var settings = configuration(time: clock)
            let backend = MemoryBackend(configuration: settings)
            var writing = settings
            writing.longestRefreshLifetime = .seconds(100)
            writer = try RevocationList(backend: backend, configuration: writing, logger: LogLines().logger)
            try await writer.prepare()
            configure(&settings)
            list = try RevocationList(backend: backend, configuration: settings, logger: LogLines().logger)
        }

        func state(issuedAt: Int64?, expiresAt: Int64?, _ policy: FailurePolicy = .deny) async -> String {
            switch await list.admission(of: claims(issuedAt: issuedAt, expiresAt: expiresAt), policy: policy) {
            case .admitted(let grounds): grounds.rawValue
            case .revoked(let reason): reason.text
            case .refused(let cause): cause.code.rawValue
            }
        }
    }

    /// It would be clear when the revocations of its session and its subject have ended.
    @Test(arguments: [(nil, start + 10 * second), (start - second, nil), (nil, nil)] as [(Int64?, Int64?)])
    func isNeverClear(issuedAt: Int64?, expiresAt: Int64?) async throws {
        let stage = try await Stage()
        #expect(await stage.state(issuedAt: Self.start - Self.second, expiresAt: Self.start + Self.second) == "proven")
        #expect(await stage.state(issuedAt: issuedAt, expiresAt: expiresAt) == "tooLongLived")
        for policy in [FailurePolicy.allow, .lastKnown(for: .seconds(60))] {
            #expect(await stage.state(issuedAt: issuedAt, expiresAt: expiresAt, policy) == "tooLongLived")
        }
        try await stage.writer.revoke([.session("s"), .subject("alice")])
        #expect(await stage.state(issuedAt: issuedAt, expiresAt: expiresAt) == "tooLongLived")
        stage.now.advance(.seconds(230))
        #expect(await stage.list.verdict(of: .session("s")).isClear)
        #expect(await stage.state(issuedAt: issuedAt, expiresAt: expiresAt) == "tooLongLived")
    }

    /// A copy is no way around that.
    @Test func isNotClearInACopyEither() async throws {
        let stage = try await FollowedList()
        #expect(await stage.isHeld())
        #expect(stage.list.localVerdict(for: token(session: nil))?.isClear == true)
        for (issuedAt, expiresAt) in [(nil, Self.start + 10), (Self.start, nil)] as [(Int64?, Int64?)] {
            let claims = Self.claims(issuedAt: issuedAt, expiresAt: expiresAt)
            #expect(stage.list.localVerdict(for: claims) == nil)
            #expect(await stage.list.verdict(for: claims).unknownCode == .tooLongLived)
        }
        await stage.end()
        let knowing = try await FollowedList(configure: { $0.longestRefreshLifetime = .seconds(100) })
        #expect(await knowing.isHeld())
        let claims = Self.claims(issuedAt: nil, expiresAt: Self.start + 100 * Self.second)
        #expect(knowing.list.localVerdict(for: claims)?.isClear == true)
        await knowing.end()
    }

    /// Whoever knows how long an issuer's tokens live at most needs no `iat`.
    @Test(
        arguments: [
            { $0.longestRefreshLifetime = .seconds(100) }, { $0.issuers = [.init("i", lifetime: .seconds(100))] },
        ] as [@Sendable (inout RevocationConfiguration) -> Void])
    func aConfiguredLifetimeStandsInForTheTimeOfIssue(
        configure: @Sendable (inout RevocationConfiguration) -> Void
    ) async throws {
        let stage = try await Stage(configure)
        let latest = Self.start + 101 * Self.second
        #expect(await stage.state(issuedAt: nil, expiresAt: latest) == "proven")
        #expect(await stage.state(issuedAt: nil, expiresAt: latest + 1) == "tooLongLived")
        #expect(await stage.state(issuedAt: nil, expiresAt: .min) == "tooLongLived")
        #expect(await stage.state(issuedAt: nil, expiresAt: nil) == "tooLongLived")
        #expect(await stage.state(issuedAt: Self.start, expiresAt: nil) == "tooLongLived")
        try await stage.writer.revoke(.session("s"))
        #expect(await stage.state(issuedAt: nil, expiresAt: latest) == "admin")
    }

    @Test func aTokenWithoutExpiryEndsWhenItIsToldTo() async throws {
        let stage = try await Stage { $0.maximumTokenLifetime = .seconds(100) }
        #expect(await stage.state(issuedAt: Self.start, expiresAt: nil) == "proven")
        #expect(await stage.state(issuedAt: nil, expiresAt: nil) == "tooLongLived")
        #expect(await stage.state(issuedAt: .max, expiresAt: nil) == "tooLongLived")
        stage.now.advance(.milliseconds(99_999))
        #expect(await stage.state(issuedAt: Self.start, expiresAt: nil) == "proven")
        stage.now.advance(.milliseconds(1))
        #expect(await stage.state(issuedAt: Self.start, expiresAt: nil) == "tooLongLived")
    }

    /// What was issued before a lifetime grew is judged by the shorter one, as are tokens that say all.
    @Test func theLifetimeThatHeldCounts() throws {
        var issuer = Terms.Issuer(name: nil, lifetime: 100 * Self.second)
        issuer.lengthen(to: 200 * Self.second, since: Self.start)
        let assumed = AssumedLifetimes(withoutIssueTime: 200 * Self.second, withoutExpiry: 200 * Self.second)
        let terms = try TermsInForce(Terms(issuers: [issuer]), prefix: "revoked:", bytes: nil) { _ in assumed }
        let known = try #require(terms.issuer("i"))
        for (issuedAt, isKept) in [(Self.start, true), (Self.start - 1, false)] {
            for claims in [
                Self.claims(issuedAt: issuedAt, expiresAt: nil),
                Self.claims(issuedAt: nil, expiresAt: issuedAt + 200 * Self.second),
            ] {
                #expect((known.objection(to: claims, now: Self.start) == nil) == isKept)
                #expect(known.mayVouch(for: claims, now: Self.start) == isKept)
            }
        }
    }
}
