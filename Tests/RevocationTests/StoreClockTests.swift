import Contract
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Revocation

private let revoked = "*4\r\n$6\r\nlogout\r\n$-1\r\n$-1\r\n" + bulk("epoch")

/// Times are the store's: a server with a wrong clock must not shorten a revocation, nor misread a cut-off.
@Suite(.timeLimit(.minutes(1))) struct StoreClockTests {
    private static let now = configuration().wallClock()

    @Test(arguments: [-20_000, 0, 29_999, 86_400_000] as [Int64])
    func aRevocationIsKeptByTheStoresClock(offset: Int64) async throws {
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { $0.first == "TIME" ? .bytes(time(Self.now + offset)) : answerHealthily($0) }
        let list = try RevocationList(store.url, configuration: configuration(time: { Self.now }))
        let expiry = Self.now + offset + 1_000_000
        #expect(try await list.revoke(token(expiresAt: expiry)) == .revoked(secondsToLive: 1_120))
        // The time is known now: nothing but the revocation is sent.
        store.forgetCounts()
        try await list.revoke(token(expiresAt: expiry))
        #expect(store.commands.map(\.first) == ["SETEX", "MGET"])
        await list.close()
        await store.stop()
    }

    /// By its own clock, this server would find the cut-off implausible.
    @Test func aCutOffIsReadOnTheStoresClock() async throws {
        let store = try await FakeStore { answerHealthily($0) }
        let cutOff = Self.now + 80_000
        store.answer { command in
            switch command.first {
            case "TIME": .bytes(time(Self.now + 25_000))
            case "MGET" where command.contains("revoked:sub:alice"):
                .bytes(
                    "*\(command.count - 1)\r\n"
                        + command.dropFirst().map {
                            $0 == "revoked:sub:alice" ? bulk("\(cutOff)") : $0 == Epoch.key ? bulk("epoch") : "$-1\r\n"
                        }.joined())
            default: answerHealthily(command)
            }
        }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token(subject: "alice")).reason != nil)
        await list.close()
        await store.stop()
    }

    @Test(arguments: [(30_000, true), (-30_000, true), (30_001, false), (-30_001, false)] as [(Int64, Bool)])
    func aServerWhoseClockIsWrongIsNotReady(offset: Int64, isReady: Bool) async throws {
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { $0.first == "TIME" ? .bytes(time(Self.now + offset)) : answerHealthily($0) }
        let log = LogLines()
        let list = try RevocationList(
            store.url, configuration: TestClock(wall: Self.now).configuration, logger: log.logger)
        let readiness = await list.readiness()
        #expect(readiness.isReady == isReady)
        if case .clockSkewed(let milliseconds) = readiness { #expect(milliseconds == -offset) }
        #expect(log.all.contains { $0.contains("clock") } == !isReady)
        // Nor is a token clear, a log-in possible, or a token exchanged.
        #expect(await list.verdict(for: token()).unknownCode == (isReady ? nil : .clockSkewed))
        #expect(await list.verdict(for: token()).isClear == isReady)
        let cause: UnknownCause.Code?
        do throws(UnknownCause) {
            _ = try await list.issueTime(for: token())
            cause = nil
        } catch {
            cause = error.code
        }
        #expect(cause == (isReady ? nil : .clockSkewed))
        if !isReady {
            var refresh = token()
            refresh.kind = .refresh
            store.forgetCounts()
            guard case .unknown(let cause) = try await list.rotate(refresh) else {
                return #expect(Bool(false), "nothing is exchanged")
            }
            #expect(cause.code == .clockSkewed)
            #expect(!store.commands.contains { $0.first == "SET" })
        }
        await list.close()
        await store.stop()
    }

    /// The next answer counts for nothing, and not only what is asked after the next examination.
    @Test(arguments: [-3_600_000, -30_001, 30_001, 86_400_000] as [Int64])
    func aWallClockThatIsSetIsNoticedByTheNextCheck(step: Int64) async throws {
        let store = try await FakeStore.healthy()
        let clock = TestClock(wall: Self.now)
        let list = try RevocationList(store.url, configuration: clock.configuration)
        let minute = FailurePolicy.lastKnown(for: .seconds(60))
        for _ in 0..<2 { #expect(await list.verdict(for: token()).isClear) }
        #expect(await list.admission(of: token(), policy: minute).grounds == .proven)
        clock.setWall(by: .milliseconds(step))
        #expect(await list.verdict(for: token()).unknownCode == .clockSkewed)
        #expect(await !list.readiness().isReady)
        // The store is not away: nothing speaks for what it said before.
        #expect(await list.admission(of: token(), policy: minute).grounds == nil)
        #expect(await list.admission(of: token(), policy: .allow).grounds == .allowed)
        store.answer { $0.first == "MGET" ? .bytes(revoked) : answerHealthily($0) }
        #expect(await list.verdict(for: token()).reason == "logout")
        store.answer { answerHealthily($0) }
        clock.setWall(by: .milliseconds(-step))
        #expect(await list.verdict(for: token()).isClear)
        await list.close()
        await store.stop()
    }

    /// The clock was wrong when the question was sent, and is right again when its answer comes.
    @Test func aClockThatIsSetRightMeanwhileVouchesForNoEarlierQuestion() async throws {
        let store = try await FakeStore.healthy()
        let clock = TestClock(wall: Self.now)
        let list = try RevocationList(store.url, configuration: clock.configuration)
        #expect(await list.verdict(for: token()).isClear)
        clock.setWall(by: .milliseconds(60_000))
        store.answer { command in
            if command[0] == "MGET" { clock.wall = Self.now }
            return answerHealthily(command)
        }
        #expect(await list.verdict(for: token()).unknownCode == .clockSkewed)
        #expect(await list.verdict(for: token()).isClear)
        await list.close()
        await store.stop()
    }

    /// A session, a key, a cut-off by their names, too.
    @Test(arguments: [Scope.session("s"), .key("k"), .subject("alice"), .all])
    func aNameIsNotClearEitherWhileTheClockIsWrong(scope: Scope) async throws {
        let store = try await FakeStore.healthy()
        let clock = TestClock(wall: Self.now)
        let list = try RevocationList(store.url, configuration: clock.configuration)
        #expect(await list.verdict(of: scope).isClear)
        clock.setWall(by: .milliseconds(-30_001))
        #expect(await list.verdict(of: scope).unknownCode == .clockSkewed)
        await list.close()
        await store.stop()
    }

    /// Of all that the store's time may be it is the earliest: a revocation is rather kept for too long.
    @Test func aLifetimeIsReckonedFromTheEarliestTime() throws {
        let settings = configuration(time: { Self.now })
        let list = try RevocationList("memory:", configuration: settings)
        let boot = settings.bootMilliseconds
        let clock = StoreClock(time: 1_000_000, sentAt: boot - 3_000, receivedAt: boot - 1_000)
        #expect(list.time(by: clock) == 1_001_000)
    }

    /// A store whose clock is ahead takes the token for expired. Once its clock is set right the token is alive again.
    @Test func whatHasExpiredByTheStoresClockAloneIsRevoked() async throws {
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { $0.first == "TIME" ? .bytes(time(Self.now + 3_600_000)) : answerHealthily($0) }
        let list = try RevocationList(store.url, configuration: configuration(time: { Self.now }))
        for _ in 0..<2 {
            #expect(try await list.revoke(token(expiresAt: Self.now + 1_000_000)) == .revoked(secondsToLive: 1_120))
        }
        let several: [RevocationRequest] = [
            .token("a", expiresAt: Self.now - 119_999), .token("b", expiresAt: Self.now - 120_000),
        ]
        #expect(try await list.revoke(several) == [.revoked(secondsToLive: 1), .alreadyExpired])
        #expect(try await list.revoke(token(expiresAt: Self.now - 120_000)) == .alreadyExpired)
        await list.close()
        await store.stop()
    }

    /// A log-out is neither late nor kept for less than the token lives.
    @Test(arguments: [-86_400_000, -600_000, 600_000, 86_400_000] as [Int64])
    func aWallClockThatIsSetChangesNoLifetime(step: Int64) async throws {
        let store = try await FakeStore.healthy()
        let clock = TestClock(wall: Self.now)
        let list = try RevocationList(store.url, configuration: clock.configuration)
        #expect(try await list.revoke(token()) == .revoked(secondsToLive: 1_120))
        clock.setWall(by: .milliseconds(step))
        #expect(try await list.revoke(token()) == .revoked(secondsToLive: 1_120))
        #expect(
            try await list.revoke([.token("a", expiresAt: Self.now + 1_000_000), .token("b", expiresAt: 0)])
                == [.revoked(secondsToLive: 1_120), .alreadyExpired])
        clock.advance(.milliseconds(100_000))
        #expect(try await list.revoke(token()) == .revoked(secondsToLive: 1_020))
        await list.close()
        await store.stop()
    }

    /// What this process has revoked itself it knows, whatever its clock says by now.
    @Test func aCutOffOfThisProcessIsNotForgottenByAClockThatIsSetBack() async throws {
        let store = try await FakeStore.healthy()
        let clock = TestClock(wall: Self.now)
        let list = try RevocationList(store.url, configuration: clock.configuration)
        var alice = token(subject: "alice")
        alice.issuedAt = Self.now - 1_000
        try await list.revoke(.subject("alice"))
        await store.stop()
        #expect(await eventually { await list.verdict(for: token()).unknownCode == .unreachable })
        clock.setWall(by: .milliseconds(-600_000))
        #expect(await list.verdict(for: alice).reason != nil)
        await list.close()
    }

    /// It may have been set in the meantime.
    @Test func aStoreThatHasNotToldItsTimeForMinutesProvesNothing() async throws {
        let store = try await FakeStore.healthy()
        let clock = TestClock(wall: Self.now)
        let list = try RevocationList(store.url, configuration: clock.configuration)
        #expect(await list.verdict(for: token()).isClear)
        store.answer { $0.first == "TIME" ? .nothing : answerHealthily($0) }
        clock.advance(.milliseconds(300_000))
        #expect(await list.verdict(for: token()).isClear)
        clock.advance(.milliseconds(1))
        #expect(await list.verdict(for: token()).unknownCode == .clockSkewed)
        await list.close()
        await store.stop()
    }

    @Test func aClockIsKnownToWithinTheTimeThatTheAnswerTook() {
        let clock = StoreClock(time: 1_000_000, sentAt: 5_000, receivedAt: 5_040)
        #expect(clock.time(at: 5_040) == 1_000_000...1_000_040)
        #expect(clock.time(at: 6_000) == 1_000_960...1_001_000)
        for (ahead, code) in [(0, nil), (30_000, nil), (30_001, .clockSkewed)] as [(Int64, UnknownCause.Code?)] {
            #expect(clock.skewCause(wall: 1_000_000 + ahead, boot: 5_040)?.code == code)
            #expect(clock.skewCause(wall: 1_000_040 - ahead, boot: 5_040)?.code == code)
        }
        // Not known to be right is not right.
        let slow = StoreClock(time: 1_000_000, sentAt: 5_000, receivedAt: 65_001)
        #expect(slow.skewCause(wall: 1_030_000, boot: 65_001)?.code == .clockSkewed)
        // Of two stores the one that is further off counts.
        let ahead = StoreClock(time: 1_031_000, sentAt: 5_040, receivedAt: 5_040)
        for joined in [clock.joined(with: ahead), ahead.joined(with: clock)] {
            #expect(joined.skewCause(wall: 1_000_020, boot: 5_040)?.code == .clockSkewed)
            #expect(joined.time(at: 5_040) == 1_000_000...1_031_000)
        }
    }

    @Test func aClockThatIsSetLaterIsNoticed() async throws {
        let clock = Mutex(Self.now)
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { command in
            command.first == "TIME" ? .bytes(time(clock.withLock { $0 })) : answerHealthily(command)
        }
        let location = try StoreURL(store.url).location
        let backend = RedisBackend(
            address: .fixed(location), configuration: configuration(), logger: LogLines().logger,
            examinationInterval: .milliseconds(10))
        let list = try RevocationList(backend: backend, configuration: configuration(), logger: LogLines().logger)
        #expect(await list.readiness().isReady)
        clock.withLock { $0 -= 60_000 }
        #expect(await eventually { await !list.readiness().isReady })
        clock.withLock { $0 += 60_000 }
        #expect(await eventually { await list.readiness().isReady })
        #expect(store.connectionCount == 1)
        await list.close()
        await store.stop()
    }

    @Test(arguments: [
        "*1\r\n$1\r\n1", "*2\r\n$1\r\nx\r\n$1\r\n0", "*2\r\n$12\r\n999999999999\r\n$1\r\n0", "+OK", "-ERR no",
    ])
    func aStoreThatDoesNotTellItsTimeIsNotUsed(reply: String) async throws {
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { $0.first == "TIME" ? .bytes(reply + "\r\n") : answerHealthily($0) }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).unknownCode != nil)
        await #expect(throws: RevocationError.self) { try await list.revoke(token()) }
        await list.close()
        await store.stop()
    }
}

extension TestClock {
    /// A client that reads these clocks.
    fileprivate var configuration: RevocationConfiguration {
        var configuration = RevocationTests.configuration()
        let start = ContinuousClock.now - .milliseconds(boot)
        configuration.bootClock = { [self] in start + .milliseconds(boot) }
        configuration.wallClock = { [self] in wall }
        configuration.revokedAnswerLifetime = .zero
        return configuration
    }
}
