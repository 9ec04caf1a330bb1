import Contract
import Testing

@testable import Revocation

/// Waiting for replicas, with a real primary and a real replica.
@Suite(.timeLimit(.minutes(1))) struct ReplicaTests {
    @Test func whetherEnoughReplicasHaveItIsSaid() async throws {
        let primary = try await RedisServer("--repl-diskless-sync-delay", "0")
        let replica = try await RedisServer("--replicaof", "127.0.0.1", "\(primary.port)")
        try await initialise(primary.url)
        var settings = liveConfiguration()
        settings.replicas = ReplicaRequirement(count: 1, timeout: .milliseconds(200))
        let list = try RevocationList(primary.url, configuration: settings)
        // It takes a while until the replica follows.
        #expect(await eventually { (try? await list.revoke(liveToken()))?.keeps(for: 1_120) == true })
        // A cut-off goes by script, which a restarted server does not know.
        #expect(try await list.revoke(.subject("a")).keeps(for: 2_592_120))
        settings.replicas = ReplicaRequirement(count: 2, timeout: .milliseconds(20))
        let demanding = try RevocationList(primary.url, configuration: settings)
        for _ in 0..<2 {
            guard case .revokedOnTooFewReplicas(_, replicas: 1) = try await demanding.revoke(.session("s")).outcome
            else {
                return #expect(Bool(false), "there is only one replica")
            }
        }
        #expect(await demanding.verdict(for: liveToken(identifier: "x", session: "s")).reason == "admin")
        replica.kill()
        #expect(
            await eventually {
                if case .revokedOnTooFewReplicas(_, replicas: 0)? = (try? await list.revoke(liveToken()))?.outcome {
                    true
                } else {
                    false
                }
            })
        await list.close()
        await demanding.close()
    }

    @Test func ourDaemonHasNone() async throws {
        try await StoreKind.daemon.run { url in
            var settings = liveConfiguration()
            settings.replicas = ReplicaRequirement(count: 1)
            let list = try RevocationList(url, configuration: settings)
            let acknowledgement = try await list.revoke(liveToken())
            guard case .revokedOnTooFewReplicas(_, replicas: 0) = acknowledgement.outcome else {
                return #expect(Bool(false), "\(acknowledgement)")
            }
            await list.close()
        }
    }

    @Test(arguments: [(0, 100), (1, 0), (1, 5_000)])
    func whatCannotBeWaitedForIsRefused(count: Int, milliseconds: Int) {
        var settings = configuration()
        settings.replicas = ReplicaRequirement(count: count, timeout: .milliseconds(milliseconds))
        #expect(throws: RevocationError.self) { try RevocationList("memory:", configuration: settings) }
    }
}
