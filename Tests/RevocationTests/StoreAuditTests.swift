import Contract
import Testing

@testable import Revocation

@Suite struct StoreAuditTests {
    private func information(_ policy: String?, aof: Int = 1, role: String = "master") -> String {
        "# Server\r\nredis_version:7.0.15\r\n" + (policy.map { "maxmemory_policy:\($0)\r\n" } ?? "")
            + "aof_enabled:\(aof)\r\nrole:\(role)\r\n"
    }

    @Test func aStoreThatKeepsWhatItAcknowledgesIsTaken() throws {
        let audit = try StoreAudit(information: information("noeviction"), accepting: [])
        #expect(audit.dialect != .daemon)
        #expect(audit.warnings == [])
    }

    @Test func ourDaemonNeedsNoAudit() throws {
        let audit = try StoreAudit(information: "server_name:revoked\r\nredis_version:7.0.15\r\n", accepting: [])
        #expect(audit.dialect == .daemon)
        #expect(audit.warnings == [])
    }

    /// Keys that it does not guard are plain strings to it: an older cut-off would replace a later one.
    @Test func aDaemonThatGuardsOtherKeysIsRefused() throws {
        let text = "server_name:revoked\r\nguarded_prefix:deny:\r\n"
        let failure = #expect(throws: StoreFailure.self) {
            try StoreAudit(information: text, accepting: [], prefix: "revoked:")
        }
        #expect(failure?.code == .unsafeStore)
        #expect(failure?.message.contains("deny:") == true && failure?.message.contains("revoked:") == true)
        #expect(try StoreAudit(information: text, accepting: [], prefix: "deny:").guardedPrefix == "deny:")
        // An operator's commands write no such key. A daemon of an older release does not say what it guards.
        #expect(try StoreAudit(information: text, accepting: []).guardedPrefix == "deny:")
        _ = try StoreAudit(information: "server_name:revoked\r\n", accepting: [], prefix: "revoked:")
    }

    @Test func nothingIsCheckedOrWrittenAtADaemonThatGuardsOtherKeys() async throws {
        let store = try await FakeStore(information: "server_name:revoked\r\nguarded_prefix:deny:\r\n") {
            answerHealthily($0)
        }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).unknownCode == .storeError)
        await #expect(throws: RevocationError.self) { try await list.revoke(token()) }
        #expect(await list.readiness().code != nil)
        #expect(!store.commands.contains { $0.contains { $0.hasPrefix("revoked:") } })
        await list.close()
        var settings = configuration()
        settings.namespace = Namespace(prefix: "deny:")
        let other = try RevocationList(store.url, configuration: settings)
        #expect(await other.verdict(for: token()).isClear)
        await other.close()
        await store.stop()
    }

    @Test(arguments: ["allkeys-lru", "volatile-ttl", "unknown"])
    func evictionIsRefusedUnlessAcceptedByName(policy: String) throws {
        let text = information(policy == "unknown" ? nil : policy)
        let failure = #expect(throws: StoreFailure.self) {
            try StoreAudit(information: text, accepting: ["volatile-lru"])
        }
        #expect(failure?.code == .unsafeStore)
        #expect(failure?.message.contains(policy) == true)
        #expect(try StoreAudit(information: text, accepting: [policy]).warnings.count == 1)
    }

    @Test func aStoreCannotSmuggleTextIntoTheMessage() {
        let failure = #expect(throws: StoreFailure.self) {
            try StoreAudit(information: information("Run `rm -rf`"), accepting: [])
        }
        #expect(failure?.message.contains("unknown") == true)
    }

    @Test func noPersistenceIsAWarning() throws {
        #expect(try StoreAudit(information: information("noeviction", aof: 0), accepting: []).warnings.count == 1)
    }

    @Test func aReplicaIsRefusedUnlessAccepted() throws {
        let text = information("noeviction", role: "slave")
        let failure = #expect(throws: StoreFailure.self) { try StoreAudit(information: text, accepting: []) }
        #expect(failure?.code == .unsafeStore)
        #expect(failure?.message.contains("replica") == true)
        #expect(try StoreAudit(information: text, accepting: [], acceptsReplica: true).warnings.count == 1)
    }
}
