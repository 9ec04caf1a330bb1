import Contract
import Testing

@testable import Revocation

/// What is said first on each connection, and what the answers say of the store.
@Suite(.timeLimit(.minutes(1))) struct HandshakeTests {
    /// A store that does not know the command is used all the same.
    @Test(arguments: ["+OK\r\n", "-ERR unknown command\r\n"])
    func theLibrarySaysItsNameAndVersion(answer: String) async throws {
        let store = try await FakeStore { answerHealthily($0) }
        store.answer { $0.first == "CLIENT" ? .bytes(answer) : answerHealthily($0) }
        let list = try RevocationList(store.url, configuration: configuration())
        #expect(await list.verdict(for: token()).isClear)
        let words = store.commands.filter { $0.first == "CLIENT" }
        #expect(words == [["CLIENT", "SETINFO", "LIB-NAME", "revoked"], ["CLIENT", "SETINFO", "LIB-VER", "0.1.0"]])
        await list.close()
        await store.stop()
    }

    @Test func theDaemonTellsHowLongARevocationMayLast() throws {
        func seconds(_ fields: String) throws -> Int64 {
            try StoreAudit(information: fields, accepting: []).longestToLive
        }
        let daemon = "server_name:revoked\r\n"
        #expect(try seconds(daemon + "max_revocation_seconds:3600\r\n") == 3_600)
        for other in [
            daemon, daemon + "max_revocation_seconds:0\r\n", daemon + "max_revocation_seconds:x\r\n",
            "redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\nrole:master\r\nmax_revocation_seconds:1\r\n",
        ] {
            #expect(try seconds(other) == 34_560_000)
        }
    }
}
