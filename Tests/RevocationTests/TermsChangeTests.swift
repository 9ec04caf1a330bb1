import Contract
import Synchronization
import Testing

@testable import Revocation

/// The denylist's terms are changed while processes go by the ones before.
@Suite(.timeLimit(.minutes(1))) struct TermsChangeTests {
    private static let now = configuration().wallClock()
    private static let day: Int64 = 86_400_000

    /// A daemon whose terms a test sets, and which tells what it was sent.
    private final class Denylist: Sendable {
        let terms = Mutex<String?>(sampleTerms)
        /// Whether they are others each time that they are read behind a write.
        let changesAlways = Mutex(false)
        private let days = Mutex<Int64>(30)

        /// Tokens may live for so many days from now on.
        func lengthen(days: Int64) {
            let longer = #",{"ms":\#(days * TermsChangeTests.day),"since":\#(TermsChangeTests.now - 1_000)}]"#
            terms.withLock { $0 = sampleTerms.replacing("}]}]", with: "}\(longer)}]") }
        }

        func answer(_ command: [String]) -> FakeStore.Answer {
            guard command[0] == "MGET" else { return answerHealthily(command) }
            let keys = Array(command.dropFirst())
            if keys == Witness.keys, changesAlways.withLock({ $0 }) {
                lengthen(
                    days: days.withLock {
                        $0 += 1
                        return $0
                    })
            }
            let terms = terms.withLock { $0 }
            return .bytes(
                "*\(keys.count)\r\n"
                    + keys.map { key in
                        switch key {
                        case Epoch.key: bulk("epoch")
                        case Terms.key: terms.map { bulk($0) } ?? "$-1\r\n"
                        default: "$-1\r\n"
                        }
                    }.joined())
        }
    }

    private func run(_ body: (RevocationList, FakeStore, Denylist) async throws -> Void) async throws {
        let denylist = Denylist()
        let store = try await FakeStore { denylist.answer($0) }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(try await list.revoke(.session("before")) == .revoked(secondsToLive: 2_592_120))
        store.forgetCounts()
        try await body(list, store, denylist)
        await list.close()
        await store.stop()
    }

    private enum Way: CaseIterable { case one, several, cutOff }

    private func revoke(_ way: Way, _ list: RevocationList) async throws(RevocationError) -> [Acknowledgement] {
        switch way {
        case .one: [try await list.revoke(.session("s"))]
        case .several: try await list.revoke([.session("s"), .session("t")])
        case .cutOff: [try await list.revoke(.subject("alice"))]
        }
    }

    /// What was reckoned from the terms before is written once more, for as long as the new ones say.
    @Test(arguments: [0, 1, 2]) func aWriteIsReckonedFromTheTermsOfNow(way: Int) async throws {
        try await run { list, store, denylist in
            denylist.lengthen(days: 60)
            let acknowledgements = try await revoke(Way.allCases[way], list)
            #expect(acknowledgements.allSatisfy { $0 == .revoked(secondsToLive: 60 * 86_400 + 120) })
            let lifetimes = store.commands.filter { $0[0] == "SETEX" }.map { $0[2] }
            #expect(Set(lifetimes) == ["2592120", "5184120"])
            #expect(lifetimes.last == "5184120")
            // From now on at once.
            store.forgetCounts()
            _ = try await revoke(Way.allCases[way], list)
            #expect(Set(store.commands.filter { $0[0] == "SETEX" }.map { $0[2] }) == ["5184120"])
        }
    }

    /// If they are changed again each time, nothing is acknowledged.
    @Test(arguments: [0, 1, 2]) func termsThatNeverStandStillAcknowledgeNothing(way: Int) async throws {
        try await run { list, _, denylist in
            denylist.changesAlways.withLock { $0 = true }
            let error = await #expect(throws: RevocationError.self) { try await revoke(Way.allCases[way], list) }
            #expect(error?.code == .termsChanged)
            #expect(error?.message.contains("not acknowledged") == true)
            denylist.changesAlways.withLock { $0 = false }
            _ = try await revoke(Way.allCases[way], list)
        }
    }

    /// How long the terms are says nothing about them: the witness is compared byte for byte.
    @Test func termsOfTheSameLengthAreOthers() async throws {
        try await run { list, store, denylist in
            denylist.terms.withLock { $0 = sampleTerms.replacing("2592000000", with: "2592001000") }
            let acknowledgement = try await list.revoke(.session("s"))
            #expect(acknowledgement == .revoked(secondsToLive: 2_592_121))
            denylist.terms.withLock { $0 = nil }
            store.forgetCounts()
            // A store that lost them gets those back that it had; no acknowledgement comes before that.
            await #expect(throws: RevocationError.self) { try await list.revoke(.session("s")) }
            let written = store.commands.first { $0[0] == "SET" }
            #expect(written?[1] == Terms.key && written?[3] == "NX")
            #expect(written?[2] == sampleTerms.replacing("2592000000", with: "2592001000"))
        }
    }

    /// Terms that come in force after the first check may say to look elsewhere.
    @Test func aCheckLooksWhereTheNewTermsSay() async throws {
        let denylist = Denylist()
        denylist.terms.withLock { $0 = nil }
        let store = try await FakeStore { command in
            guard command[0] == "MGET", command.contains(where: { $0.hasPrefix("revoked:theirs:") }) else {
                return denylist.answer(command)
            }
            return .bytes(
                "*\(command.count - 1)\r\n"
                    + command.dropFirst().map { key in
                        key.contains("theirs:sid") ? bulk("logout") : key == Epoch.key ? bulk("epoch") : "$-1\r\n"
                    }.joined())
        }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).isClear)
        #expect(await list.verdict(of: .session("secret-sid")).isClear)
        let labelled = sampleTerms.replacing(#"{"lead""#, with: #"{"label":"theirs","lead""#)
        denylist.terms.withLock { $0 = labelled }
        #expect(await list.verdict(of: .session("secret-sid")).reason == "logout")
        await list.close()
        let other = try RevocationList(store.url, configuration: configuration())
        denylist.terms.withLock { $0 = nil }
        #expect(await other.verdict(for: token()).isClear)
        denylist.terms.withLock { $0 = labelled }
        #expect(await other.verdict(for: token()).reason == "logout")
        await other.close()
        await store.stop()
    }

    // MARK: Tokens that live for too long

    private func lasting(_ milliseconds: Int64, issued ago: Int64, kind: TokenClaims.Kind = .access) -> TokenClaims {
        TokenClaims(
            kind: kind, issuer: "i", subject: "s", session: "sid", identifier: "jti", issuedAt: Self.now - ago,
            expiresAt: Self.now - ago + milliseconds)
    }

    /// Its revocation may end before it does. Its age does not mend that, nor does a policy.
    @Test(arguments: [0, 1, 29, 31] as [Int64]) func aTokenThatLivesForTooLongIsNeverClear(age: Int64) async throws {
        try await run { list, _, _ in
            let long = lasting(30 * Self.day + 1_001 + age * Self.day, issued: age * Self.day)
            #expect(await list.verdict(for: long).unknownCode == .tooLongLived)
            for policy in [FailurePolicy.deny, .allow, .lastKnown(for: .seconds(60))] {
                guard case .refused(let cause) = await list.admission(of: long, policy: policy) else {
                    return #expect(Bool(false), "admitted by \(policy)")
                }
                #expect(cause.code == .tooLongLived)
            }
            let refresh = lasting(30 * Self.day + 1_001 + age * Self.day, issued: age * Self.day, kind: .refresh)
            let outcome = try await list.rotate(refresh)
            #expect(outcome.unknownCode == .tooLongLived)
            // Issuers round to whole seconds.
            #expect(await list.verdict(for: lasting(30 * Self.day + 1_000, issued: age * Self.day)).isClear)
        }
    }

    /// A lifetime that was made longer says nothing of the tokens from before: their revocations were not kept for it.
    @Test func aTokenIsJudgedByWhatHeldWhenItWasIssued() async throws {
        let denylist = Denylist()
        denylist.lengthen(days: 60)
        let store = try await FakeStore { denylist.answer($0) }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: lasting(60 * Self.day, issued: 1_000)).isClear)
        #expect(await list.verdict(for: lasting(30 * Self.day, issued: 1_001)).isClear)
        #expect(await list.verdict(for: lasting(60 * Self.day, issued: 1_001)).unknownCode == .tooLongLived)
        await list.close()
        await store.stop()
    }

    /// The terms are read again for a token that they do not cover, but not for each.
    @Test func aTokenOfLongerTermsIsClearOnceTheyAreRead() async throws {
        let denylist = Denylist()
        let store = try await FakeStore { denylist.answer($0) }
        let later = Mutex(Duration.zero)
        var settings = configuration()
        let start = ContinuousClock.now
        settings.bootClock = { start + later.withLock { $0 } }
        settings.wallClock = { Self.now + Int64(later.withLock { $0 } / .milliseconds(1)) }
        let list = try RevocationList(store.url, configuration: settings)
        let long = lasting(60 * Self.day, issued: 0)
        #expect(await list.verdict(for: long).unknownCode == .tooLongLived)
        denylist.lengthen(days: 60)
        #expect(await list.verdict(for: long).unknownCode == .tooLongLived)
        later.withLock { $0 = EpochPin.interval }
        #expect(await list.verdict(for: long).isClear)
        await list.close()
        await store.stop()
    }

    /// So long is everything kept that may revoke such a token.
    @Test func revocationsAreKeptForTheLongestThatAnyTokenLives() throws {
        var own = Terms.Issuer(name: "own", lifetime: 30 * Self.day)
        own.lengthen(to: 60 * Self.day, since: Self.now)
        let other = Terms.Issuer(name: "other", label: "other", lifetime: 90 * Self.day)
        let terms = try Terms(issuers: [own, other])
        let inForce = try TermsInForce(terms, prefix: Namespace.defaultPrefix, bytes: terms.bytes)
        #expect(inForce.issuer("own")?.secondsToLive == 5_184_120)
        #expect(inForce.issuer("other")?.secondsToLive == 7_776_120)
        #expect(inForce.secondsToLiveOfAll == 7_776_120)
        #expect(inForce.issuer("stranger") == nil && inForce.issuer(nil) == nil)
    }
}
