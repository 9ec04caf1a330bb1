import Contract
import Synchronization
import TestSupport
import Testing

@testable import Revocation

/// Revocations as they arrive, and what is open under a token.
@Suite(.timeLimit(.minutes(1))) struct EventTests {
    /// A body that runs until it is cancelled.
    private struct Open: Sendable {
        let task: Task<Void, any Error>

        /// - Returns: once the body runs.
        init(
            _ token: TokenClaims, of list: RevocationList, policy: FailurePolicy = .deny
        ) async throws {
            let (started, signal) = AsyncStream<Void>.makeStream()
            task = Task {
                defer { signal.finish() }
                try await list.withToken(token, policy: policy) {
                    signal.yield()
                    while true { try await Task.sleep(for: .seconds(60)) }
                }
            }
            for await _ in started { return }
            try await task.value
        }

        /// - Returns: why it has ended, in a word.
        var end: String {
            get async {
                do {
                    try await task.value
                    return "by itself"
                } catch TokenEnd.revoked(let reason) {
                    return reason.text
                } catch TokenEnd.expired {
                    return "expired"
                } catch TokenEnd.unproven(let cause) {
                    return cause.code.rawValue
                } catch {
                    return "\(type(of: error))"
                }
            }
        }
    }

    private static func claims(_ number: Int, subject: String? = nil, key: String? = nil) -> TokenClaims {
        var claims = token(identifier: "t\(number)", session: "s\(number)", subject: subject)
        claims.client = "c\(number)"
        claims.key = key
        return claims
    }

    /// Begins with a mark that is one character with the colon before it.
    private static let marked = "\u{301}carol"

    // MARK: Revocations

    @Test func revocationsAreHandedOutAsTheyArrive() async throws {
        let stage = try await FollowedList { $0.table = [("revoked:jti:before", "admin")] }
        #expect(await stage.isHeld())
        var events = try stage.list.revocations().makeAsyncIterator()
        stage.store.revoke("revoked:jti:a", "compromised")
        stage.store.revoke("plain", "x")
        stage.store.revoke("revoked:partner:sub:bob", "\(FollowedList.start)")
        stage.store.write(record("DEL", "revoked:jti:a"))
        // To characters the colon before this mark is none.
        stage.store.revoke("revoked:\u{301}odd", "admin")
        stage.store.write(record("MULTI") + record("SET", "revoked:all", "7", "PXAT", "9999999999999") + record("EXEC"))
        var seen: [ObservedRevocation] = []
        for _ in 0..<4 {
            guard case .revoked(let one) = await events.next() else { return #expect(Bool(false), "\(seen)") }
            seen.append(one)
        }
        #expect(seen.map(\.kind) == [.token, .subject, .token, .all])
        #expect(seen.map(\.identifier) == ["a", "bob", "\u{301}odd", nil])
        #expect(seen.map(\.issuerLabel) == [nil, "partner", nil, nil])
        #expect(seen[0].reason == .compromised && seen[1].cutOff == FollowedList.start && seen[3].cutOff == 7)
        await stage.end()
        #expect(await events.next() == nil)
    }

    /// What may have been missed is said, and nothing else is dropped.
    @Test func aSlowReaderHearsThatItHasMissedSome() async throws {
        let buffer = RevocationBuffer(limit: 3)
        func event(_ number: Int) -> RevocationEvent {
            .revoked(
                .init(
                    StoredRevocation(
                        "revoked:jti:\(number)", Array("x".utf8), millisecondsLeft: nil, prefix: "revoked:")))
        }
        for number in 0..<3 { buffer.add(event(number)) }
        #expect(await buffer.next() == event(0))
        buffer.add(event(3))
        for number in 1...3 { #expect(await buffer.next() == event(number)) }
        for number in 4...9 { buffer.add(event(number)) }
        #expect(await buffer.next() == .missed)
        for number in 8...9 { #expect(await buffer.next() == event(number)) }
        let waiter = Task { await buffer.next() }
        waiter.cancel()
        #expect(await waiter.value == nil)
        buffer.add(event(11))
        buffer.end()
        #expect(await buffer.next() == event(11))
        #expect(await buffer.next() == nil)
    }

    @Test func aCopyThatIsMadeAnewMayHaveMissedSome() async throws {
        let stage = try await FollowedList()
        #expect(await stage.isHeld())
        var events = try stage.list.revocations().makeAsyncIterator()
        stage.store.change {
            $0.stretch = String(repeating: "6", count: 40)
            $0.table = [("revoked:jti:other", "logout")]
        }
        stage.store.fake.dropStreams()
        #expect(await events.next() == .missed)
        await stage.end()
    }

    /// Whoever reads on would wait for ever.
    @Test func readersEndWithTheirList() async throws {
        var settings = configuration()
        settings.checks = .local(maximumBytes: 64 << 20)
        var list: RevocationList? = try RevocationList("redis://127.0.0.1:1", configuration: settings)
        let revocations = try #require(try list?.revocations())
        list = nil
        for await event in revocations { Issue.record("\(event) comes from nowhere") }
    }

    @Test func whoeverAsksOverTheWireHearsNone() async throws {
        let list = try RevocationList("memory:")
        #expect(throws: RevocationError.self) { try list.revocations() }
        let stage = try await FollowedList()
        #expect(throws: RevocationError.self) { try stage.list.revocations(limit: 0) }
        await stage.end()
    }

    // MARK: Open tokens

    @Test func eachScopeEndsWhatItCoversAndNothingElse() async throws {
        let stage = try await FollowedList { $0.table = [("revoked:jti:gone", "admin")] }
        #expect(await stage.isHeld())
        let long = String(repeating: "x", count: 300)
        var open: [Open] = []
        for number in 0..<9 {
            let claims = Self.claims(
                number, subject: [2: "alice", 5: long, 8: Self.marked][number] ?? "bob", key: number == 4 ? "k" : nil)
            open.append(try await Open(claims, of: stage.list))
        }
        let asked = stage.store.asked
        // Of another issuer, of nobody here, and a cut-off before the log-in.
        stage.store.revoke("revoked:partner:jti:t0")
        stage.store.revoke("revoked:jti:nobody")
        stage.store.revoke("revoked:sub:bob", "1799997000000")
        stage.store.revoke("revoked:jti:t0")
        stage.store.revoke("revoked:sid:s1", "admin")
        stage.store.revoke("revoked:sub:alice", "\(FollowedList.start)")
        stage.store.revoke("revoked:client:c3", "\(FollowedList.start)")
        stage.store.revoke("revoked:kid:k", "compromised")
        stage.store.revoke("revoked:sub:\(Namespace.bounded(long))", "\(FollowedList.start)")
        stage.store.revoke("revoked:sub:\(Self.marked)", "\(FollowedList.start)")
        #expect(await open[0].end == "logout")
        #expect(await open[1].end == "admin")
        #expect(await open[2].end == "issued before the cut-off of sub")
        #expect(await open[3].end == "issued before the cut-off of client")
        #expect(await open[4].end == "compromised")
        #expect(await open[5].end == "issued before the cut-off of sub")
        #expect(await open[8].end == "issued before the cut-off of sub")
        #expect(stage.list.openTokens == 2)
        stage.store.revoke("revoked:all", "\(FollowedList.start)")
        #expect(await open[6].end == "issued before the cut-off of all")
        #expect(await open[7].end == "issued before the cut-off of all")
        #expect(stage.store.asked == asked)
        #expect(stage.list.events.state.withLock { $0.tokens.isEmpty && $0.list == nil })
        await stage.end()
    }

    @Test func whatIsRevokedAlreadyDoesNotBegin() async throws {
        let stage = try await FollowedList { $0.table = [("revoked:jti:gone", "admin")] }
        #expect(await stage.isHeld())
        let gone = token(identifier: "gone", session: nil)
        await #expect(throws: TokenEnd.self) {
            try await stage.list.withToken(gone) { _ = Issue.record("it has begun") }
        }
        let number = try await stage.list.withToken(Self.claims(1)) { 7 }
        #expect(number == 7)
        await #expect(throws: FakeFailure.self) {
            try await stage.list.withToken(Self.claims(2)) { throw FakeFailure() }
        }
        let caller = try await Open(Self.claims(3), of: stage.list)
        caller.task.cancel()
        #expect(await caller.end == "CancellationError")
        await stage.end()
    }

    private struct FakeFailure: Error {}

    @Test func aTokenEndsWhenItExpires() async throws {
        let stage = try await FollowedList()
        #expect(await stage.isHeld())
        let open = try await Open(
            token(identifier: "short", session: nil, expiresAt: FollowedList.start + 20_000), of: stage.list)
        stage.now.advance(.seconds(19))
        stage.list.events.tick()
        #expect(!open.task.isCancelled && stage.list.openTokens == 1)
        stage.now.advance(.seconds(1))
        stage.list.events.tick()
        #expect(await open.end == "expired")
        await stage.end()
    }

    /// Without a lease it is asked, and what cannot be proven for too long ends.
    @Test(arguments: [FailurePolicy.deny, .lastKnown(for: .seconds(30)), .allow])
    func withoutALeaseTheStoreIsAsked(policy: FailurePolicy) async throws {
        let stage = try await FollowedList()
        #expect(await stage.isHeld())
        let open = try await Open(Self.claims(1), of: stage.list, policy: policy)
        stage.list.events.tick()
        stage.store.change { $0.isSilent = true }
        let asked = stage.store.asked
        stage.now.advance(.seconds(4))
        stage.list.events.tick()
        #expect(stage.store.asked == asked)
        stage.now.advance(.seconds(1))
        stage.list.events.tick()
        #expect(await eventually { stage.store.asked == asked + 1 })
        #expect(await eventually { stage.list.events.state.withLock { !$0.isJudging } })
        // Now it has no epoch, and nothing is proven.
        stage.store.change { $0.epoch = "another" }
        stage.now.advance(.seconds(9))
        stage.list.events.tick()
        #expect(await eventually { stage.store.asked >= asked + 2 })
        #expect(await eventually { stage.list.events.state.withLock { !$0.isJudging } })
        #expect(stage.list.openTokens == 1)
        // A store that has lost its memory is not away: what it said before does not count for longer than the grace.
        stage.now.advance(.seconds(1))
        stage.list.events.tick()
        if policy == .allow {
            #expect(await eventually { stage.store.asked >= asked + 3 })
            #expect(await eventually { stage.list.events.state.withLock { !$0.isJudging } })
            #expect(stage.list.openTokens == 1)
            open.task.cancel()
        }
        try #require(await eventually { stage.list.openTokens == 0 })
        #expect(await open.end == (policy == .allow ? "CancellationError" : "epochChanged"))
        await stage.end()
    }

    /// A list that asks, with two tokens open for which a request would pass for ten minutes.
    private static func openForLong() async throws -> (stage: FollowedList, open: [Open]) {
        let stage = try await FollowedList(configure: { $0.checks = .asked })
        var open: [Open] = []
        for number in 1...2 {
            open.append(try await Open(claims(number), of: stage.list, policy: .lastKnown(for: .seconds(600))))
        }
        return (stage, open)
    }

    private static func pass(_ duration: Duration, _ stage: FollowedList) async {
        stage.now.advance(duration)
        stage.list.events.tick()
        #expect(
            await eventually { stage.list.events.state.withLock { !$0.isJudging && !$0.tokens.hasPending } })
    }

    /// Whoever was told that the token is not revoked was told so of an open stream as well.
    @Test func anAttemptToRevokeEndsWhatIsLastKnown() async throws {
        let (stage, open) = try await Self.openForLong()
        await stage.store.stop()
        await Self.pass(.seconds(20), stage)
        #expect(stage.list.openTokens == 2)
        await #expect(throws: RevocationError.self) {
            try await stage.list.revoke(Self.claims(1), scopes: [.token, .session])
        }
        // At once: it was last proven clear longer ago than the grace.
        try #require(await eventually { stage.list.openTokens == 1 })
        #expect(await open[0].end == "unreachable")
        await Self.pass(.seconds(20), stage)
        #expect(stage.list.openTokens == 1)
        await Self.pass(.seconds(561), stage)
        try #require(await eventually { stage.list.openTokens == 0 })
        #expect(await open[1].end == "unreachable")
        await stage.end()
    }

    /// It may have lost a revocation, whoever noticed that, and whether it is there or not.
    @Test(arguments: [false, true]) func anotherEpochEndsWhatIsLastKnown(isAccepted: Bool) async throws {
        let (stage, open) = try await Self.openForLong()
        stage.store.change { $0.epoch = "another" }
        if isAccepted {
            stage.store.fake.answer { command in
                command == ["MGET", Terms.key, Epoch.key, Epoch.acceptedKey]
                    ? .bytes("*3\r\n" + bulk(sampleTerms) + bulk("another") + bulk("another replaces epoch")) : .nothing
            }
            _ = try await stage.list.readStore()
            #expect(stage.list.pinnedEpoch?.epoch == Array("another".utf8))
        } else {
            #expect(await stage.list.verdict(for: token(session: nil)).unknownCode == .epochChanged)
        }
        await stage.store.stop()
        await Self.pass(.seconds(9), stage)
        #expect(stage.list.openTokens == 2)
        await Self.pass(.seconds(1), stage)
        try #require(await eventually { stage.list.openTokens == 0 })
        for one in open { #expect(await one.end == "unreachable") }
        await stage.end()
    }

    /// Without a lease, which of the open tokens the store was asked about, in this order.
    private static func questions(_ stage: FollowedList) -> [Int] {
        stage.store.fake.commands.compactMap { command in
            guard command.first == "MGET", let key = command.first(where: { $0.hasPrefix("revoked:jti:t") }) else {
                return nil
            }
            return Int(key.dropFirst("revoked:jti:t".count))
        }
    }

    /// A list without a lease that has so many tokens open, about all of which it is about to ask.
    private static func openWithoutLease(
        _ count: Int, configure: (inout RevocationConfiguration) -> Void = { _ in }
    ) async throws -> (stage: FollowedList, open: [Open]) {
        let stage = try await FollowedList({ $0.lease = 0 }, configure: configure)
        #expect(await eventually { stage.store.count("LEASE", "RENEW") > 0 })
        var open: [Open] = []
        for number in 0..<count { open.append(try await Open(claims(number), of: stage.list)) }
        stage.store.fake.forgetCounts()
        stage.store.change { $0.holdsChecks = true }
        stage.now.advance(.seconds(5))
        stage.list.events.tick()
        return (stage, open)
    }

    /// Questions about many tokens keep what arrives waiting for one answer, not for all of them.
    @Test func whatArrivesIsAskedBeforeWhatIsDue() async throws {
        let (stage, open) = try await Self.openWithoutLease(200)
        #expect(await eventually { Self.questions(stage).count == 64 })
        let asked = Self.questions(stage)
        let heard = (0..<200).filter { !asked.contains($0) }.prefix(40)
        for number in heard { stage.store.revoke("revoked:jti:t\(number)") }
        #expect(await eventually { stage.store.acknowledged == stage.store.state.withLock { $0.end } })
        #expect(Self.questions(stage).count == 64)
        stage.store.fake.release()
        #expect(await eventually { Self.questions(stage).count == 128 })
        let next = Self.questions(stage)[64...]
        #expect(heard.allSatisfy { next.contains($0) })
        // What arrives all the time does not keep those waiting that are due.
        #expect(next.count { !heard.contains($0) } >= 16)
        stage.store.change { $0.holdsChecks = false }
        stage.store.fake.release()
        #expect(await eventually { Set(Self.questions(stage)).count == 200 })
        #expect(stage.list.openTokens == 200)
        for one in open { one.task.cancel() }
        await stage.end()
    }

    /// A store that does not answer is waited for as long as any check would.
    @Test func questionsThatHangEndWithTheStoresTimeout() async throws {
        let (stage, open) = try await Self.openWithoutLease(200) { $0.commandTimeout = .seconds(1) }
        #expect(await eventually { Self.questions(stage).count == 64 })
        #expect(await eventually { stage.list.events.state.withLock { !$0.isJudging && !$0.tokens.hasPending } })
        #expect(stage.list.openTokens == 200)
        for one in open { one.task.cancel() }
        await stage.end()
    }

    /// A store without a stream, and this process itself.
    @Test func aRevocationOfOursEndsItAtOnce() async throws {
        let list = try RevocationList("memory:", configuration: liveConfiguration())
        let live = liveToken()
        let open = try await Open(live, of: list)
        try await list.revoke(live, reason: .compromised)
        #expect(await open.end == "compromised")
        let other = try await Open(liveToken(identifier: "other", session: "o", subject: "alice"), of: list)
        try await list.revoke(.subject("alice"))
        #expect(await other.end == "issued before the cut-off of sub")
        let last = try await Open(liveToken(identifier: "last", session: nil), of: list)
        await list.close()
        #expect(await last.end == "unreachable")
        await #expect(throws: TokenEnd.self) { try await list.withToken(live) {} }
    }

    @Test func whatIsOutOfRangeIsRefused() {
        for change: (inout RevocationConfiguration) -> Void in [
            { $0.openTokenInterval = .zero }, { $0.openTokenInterval = .seconds(61) },
            { $0.openTokenGrace = .seconds(-1) }, { $0.openTokenGrace = .seconds(601) },
        ] {
            var settings = configuration()
            change(&settings)
            #expect(throws: RevocationError.self) { try RevocationList("memory:", configuration: settings) }
        }
    }
}
