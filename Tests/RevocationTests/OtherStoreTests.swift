import Contract
import Synchronization
import Testing

@testable import Revocation

/// Another store than the one that is believed takes writes, or says its time: nothing that it says counts.
@Suite(.timeLimit(.minutes(1))) struct OtherStoreTests {
    /// What the store says of itself behind writes, and in a question for the time; checks are answered by the believed
    /// one.
    private final class Stores: Sendable {
        let epochOfWrites = Mutex<String?>("epoch")
        let isTimeTheirs = Mutex(false)

        func answer(_ command: [String]) -> FakeStore.Answer {
            let keys = Array(command.dropFirst())
            guard command[0] == "MGET" else {
                return command[0] == "SET" ? .bytes("$-1\r\n") : Self.answer(command, "epoch")
            }
            // Cut-offs and log-ins read the time with these.
            let isTimed = !keys.contains(Terms.key) && !keys.contains { $0.hasPrefix("revoked:jti") }
            let isTheirs = keys == Witness.keys || isTimed && isTimeTheirs.withLock { $0 }
            return Self.answer(command, isTheirs ? epochOfWrites.withLock { $0 } : "epoch")
        }

        private static func answer(_ command: [String], _ epoch: String?) -> FakeStore.Answer {
            switch command[0] {
            case "GET": return .bytes(bulk("logout"))
            case "PTTL": return .bytes(":1000\r\n")
            case "DEL": return .bytes(":1\r\n")
            default: break
            }
            guard let epoch else {
                let keys = Array(command.dropFirst())
                return .bytes(healthyValues(keys).replacing(bulk("epoch"), with: "$-1\r\n"))
            }
            return answerHealthily(command, epoch: epoch)
        }
    }

    /// Runs `body` once the store has acknowledged a write, as the believed one.
    private func run(
        _ epoch: String?, _ body: (RevocationList, FakeStore, Stores) async throws -> Void
    ) async throws {
        let stores = Stores()
        let store = try await FakeStore { stores.answer($0) }
        // Its clocks stand still: how long a revocation is kept does not depend on how long the test takes.
        let now = configuration().wallClock()
        let list = try RevocationList(store.url, configuration: configuration(time: { now }))
        #expect(await list.verdict(for: token()).isClear)
        #expect(try await list.revoke(token(identifier: "before")) == .revoked(secondsToLive: 1_120))
        #expect(await list.readiness().isReady)
        stores.epochOfWrites.withLock { $0 = epoch }
        store.forgetCounts()
        try await body(list, store, stores)
        await list.close()
        await store.stop()
    }

    private func expectRefusal(
        _ epoch: String?, sourceLocation: SourceLocation = #_sourceLocation,
        _ write: () async throws(RevocationError) -> Void
    ) async {
        do throws(RevocationError) {
            try await write()
            Issue.record("it was acknowledged", sourceLocation: sourceLocation)
        } catch {
            #expect(error.code == (epoch == nil ? .epochMissing : .epochChanged), sourceLocation: sourceLocation)
        }
    }

    /// One, several and a cut-off go by different ways.
    @Test(arguments: [nil, "", "other", "epoc", "epochs", "other replaces epoch"])
    func anotherStoresAcknowledgementIsNone(epoch: String?) async throws {
        let missing = epoch?.isEmpty == true ? nil : epoch
        try await run(epoch) { list, store, _ in
            await expectRefusal(missing) { () async throws(RevocationError) in _ = try await list.revoke(token()) }
            await expectRefusal(missing) { () async throws(RevocationError) in
                _ = try await list.revoke(.session("s"))
            }
            await expectRefusal(missing) { () async throws(RevocationError) in
                _ = try await list.revoke(token(), scopes: [.token, .session])
            }
            await expectRefusal(missing) { () async throws(RevocationError) in
                _ = try await list.revoke([.token("a", expiresAt: 1_800_000_000_000), .key("k")])
            }
            await expectRefusal(missing) { () async throws(RevocationError) in
                _ = try await list.revoke(.subject("alice"))
            }
            await expectRefusal(missing) { () async throws(RevocationError) in
                _ = try await list.restore([.session("s")])
            }
            // It was written there, for all the good it does.
            #expect(store.commands.count { $0[0] == "SETEX" } == 7)
            // Checks go on, by the believed store.
            #expect(await list.verdict(for: token(identifier: "c", session: "c")).isClear)
            let code = await list.readiness().code
            #expect(code == .epochChanged || code == .epochMissing)
        }
    }

    /// Their clock may be behind: a cut-off from that clock would spare log-ins in between.
    @Test func anotherStoresTimeIsNotTaken() async throws {
        try await run("other") { list, store, stores in
            stores.isTimeTheirs.withLock { $0 = true }
            await expectRefusal("other") { () async throws(RevocationError) in
                _ = try await list.revoke(.subject("alice"))
            }
            await expectRefusal("other") { () async throws(RevocationError) in
                _ = try await list.revoke(token(subject: "alice"), scopes: [.subject])
            }
            #expect(!store.commands.contains { $0[0] == "SETEX" })
            await #expect(throws: UnknownCause.self) {
                try await list.issueTime(for: TokenClaims(issuer: "i", subject: "alice"))
            }
        }
    }

    @Test(arguments: [nil, "other"]) func anotherStoresClaimHandsOutNothing(epoch: String?) async throws {
        try await run(epoch) { list, store, _ in
            var refresh = token()
            refresh.kind = .refresh
            guard case .unknown(let cause) = try await list.rotate(refresh) else {
                return #expect(Bool(false), "it was exchanged")
            }
            #expect(cause.code == (epoch == nil ? .epochMissing : .epochChanged))
            #expect(store.commands.contains { $0[0] == "SET" })
        }
    }

    /// The terms that this process brought were written elsewhere: nothing rests on them.
    @Test func termsThatAnotherStoreKeptAreNotInForce() async throws {
        let epoch = Mutex("epoch")
        let store = try await FakeStore { command in
            let keys = command.dropFirst()
            guard command[0] == "MGET" else {
                guard command[0] == "SET" else { return answerHealthily(command) }
                epoch.withLock { $0 = "other" }
                return .bytes("+OK\r\n")
            }
            return .bytes(
                "*\(keys.count)\r\n"
                    + keys.map { key in
                        let theirs = epoch.withLock { $0 == "other" }
                        switch key {
                        case Epoch.key: return bulk(epoch.withLock { $0 })
                        case Terms.key: return theirs ? bulk(sampleTerms) : "$-1\r\n"
                        default: return "$-1\r\n"
                        }
                    }.joined())
        }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).isClear)
        await expectRefusal("other") { () async throws(RevocationError) in try await list.prepare() }
        await expectRefusal("other") { () async throws(RevocationError) in _ = try await list.revoke(token()) }
        #expect(!store.commands.contains { $0[0] == "SETEX" })
        await list.close()
        await store.stop()
    }

    /// A failover in between: what an operator changes was read of another store.
    @Test func termsAreChangedInOneStoreOnly() async throws {
        let epochs = Mutex(["epoch", "other"])
        let store = try await FakeStore { command in
            switch command[0] {
            case "SET": return .bytes("+OK\r\n")
            case "MGET":
                let epoch = epochs.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
                return answerHealthily(command, epoch: epoch)
            default: return answerHealthily(command)
            }
        }
        let administration = try StoreAdministration(store.url, configuration: configuration())
        let error = await #expect(throws: RevocationError.self) {
            _ = try await administration.changeTerms { (old, _) throws(ContractError) in
                try Terms(issuers: old?.issuers ?? [], leeway: 1_000)
            }
        }
        #expect(error?.code == .epochChanged)
        await administration.close()
        await store.stop()
    }
}
