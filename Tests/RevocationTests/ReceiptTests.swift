import Contract
import TestSupport
import Testing

@testable import Revocation

/// Where a revocation is in force, as its caller hears.
@Suite(.timeLimit(.minutes(1))) struct ReceiptTests {
    private func withStore(
        _ receipt: String, _ body: (RevocationList, FollowedStore) async throws -> Void
    ) async throws {
        let store = try await FollowedStore { RevocationConfiguration().wallClock() }
        store.change { $0.receipt = receipt }
        let list = try RevocationList(store.url, configuration: liveConfiguration())
        try await body(list, store)
        await list.close()
        await store.stop()
    }

    @Test func itIsAskedForBehindTheWritesAndOnlyIfWanted() async throws {
        let reply = "*2\r\n:41\r\n*1\r\n$17\r\nnode-7 at 10.0.0.\r\n"
        try await withStore(reply) { (list, store) async throws in
            let (session, live) = (RevocationRequest.session("s"), liveToken())
            #expect(try await list.revoke(session).receipt == nil)
            #expect(try await list.revoke(live).receipt == nil)
            #expect(store.count("LEASE", "RECEIPT") == 0)
            let receipt = Receipt(inForceOn: 41, waitedOut: ["node-7 at 10.0.0."])
            #expect(try await list.revoke(session, receipt: true).receipt == receipt)
            #expect(
                try await list.revoke(live, scopes: [.token, .session], receipt: true).receipt == receipt)
            #expect(
                try await list.revoke([session, .subject("a")], receipt: true).map(\.receipt) == [receipt, receipt])
            #expect(store.count("LEASE", "RECEIPT") == 3)
            let written = store.fake.commands.filter { $0 == ["LEASE", "RECEIPT"] || $0[0] == "SETEX" }
            #expect(written.suffix(3).map { $0[0] } == ["SETEX", "SETEX", "LEASE"])
            let expired = token(identifier: "old", expiresAt: 1_700_000_000_000)
            #expect(try await list.revoke(expired, receipt: true) == .alreadyExpired)
        }
    }

    /// An older daemon, or a user without the right.
    @Test(arguments: ["-ERR unknown subcommand\r\n", "-NOPERM no\r\n"])
    func aDaemonThatDoesNotSayIsWrittenAllTheSame(reply: String) async throws {
        try await withStore(reply) { (list, store) async throws in
            let acknowledgement = try await list.revoke(.session("s"), receipt: true)
            #expect(acknowledgement.keeps(for: 2_592_120) && acknowledgement.receipt == nil)
            #expect(store.count("LEASE", "RECEIPT") == 1)
        }
    }

    @Test(arguments: ["+OK\r\n", "*2\r\n:-1\r\n*0\r\n", "*2\r\n:1\r\n*1\r\n:1\r\n", "*1\r\n:1\r\n"])
    func whatIsNoReceiptAcknowledgesNothing(reply: String) async throws {
        try await withStore(reply) { (list, _) async throws in
            await #expect(throws: RevocationError.self) { try await list.revoke(.session("s"), receipt: true) }
        }
    }

    @Test(arguments: ["memory:"]) func aStoreWithoutFollowersGivesNone(url: String) async throws {
        let list = try RevocationList(url)
        #expect(try await list.revoke(.session("s"), receipt: true).receipt == nil)
    }
}
