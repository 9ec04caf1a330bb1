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
