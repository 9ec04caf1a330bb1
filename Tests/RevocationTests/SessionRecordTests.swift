import Contract
import RevokedServer
import Testing

@testable import Revocation

/// The plain key beside the denylist in which nodes keep a subject's sessions.
@Suite(.timeLimit(.minutes(2))) struct SessionRecordTests {
    private static func configuration() -> RevocationConfiguration {
        var configuration = liveConfiguration()
        configuration.issuers = [.init("i")]
        return configuration
    }

    private func exchangesOnlyWhatWasRead(_ list: RevocationList) async throws {
        func exchange(_ held: String?, for new: String) async throws -> Bool {
            try await list.exchangeSessionRecord(
                of: "alice", issuer: "i", held.map { Array($0.utf8) }, for: Array(new.utf8), secondsToLive: 100)
        }
        func record() async throws -> String? {
            try await list.sessionRecord(of: "alice", issuer: "i").map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(try await record() == nil)
        #expect(try await exchange("a", for: "b") == false)
        #expect(try await record() == nil)
        #expect(try await exchange(nil, for: "a"))
        #expect(try await exchange(nil, for: "b") == false)
        #expect(try await exchange("b", for: "c") == false)
        #expect(try await exchange("a", for: #"{"é":"\r\n"}"#))
        #expect(try await record() == #"{"é":"\r\n"}"#)
        #expect(try await list.sessionRecord(of: "bob", issuer: "i") == nil)
        // It is no revocation.
        #expect(await list.verdict(of: .subject("alice"), issuer: "i").isClear)
        await list.close()
    }

    @Test func inMemory() async throws {
        try await exchangesOnlyWhatWasRead(RevocationList("memory:", configuration: Self.configuration()))
    }

    /// As the user that nodes have.
    @Test func onTheDaemon() async throws {
        var settings = ServerConfiguration()
        (settings.adminPassword, settings.writerPassword, settings.readerPassword) = ("p", "p", "p")
        try await withDaemon(settings) { url in
            func list(_ user: String) throws -> RevocationList {
                try RevocationList(
                    url.replacing("redis://", with: "redis://\(user):p@"), configuration: Self.configuration())
            }
            try await exchangesOnlyWhatWasRead(list("writer"))
            // Where somebody is logged in is nobody's business who only checks tokens.
            let reader = try list("reader")
            await #expect(throws: RevocationError.self) { try await reader.sessionRecord(of: "alice", issuer: "i") }
            await reader.close()
        }
    }

    @Test func onRedis() async throws {
        let server = try await RedisServer()
        try await initialise(server.url)
        try await exchangesOnlyWhatWasRead(RevocationList(server.url, configuration: Self.configuration()))
    }

    @Test func inACluster() async throws {
        let cluster = try await RedisCluster()
        try await initialise(cluster.url)
        try await exchangesOnlyWhatWasRead(RevocationList(cluster.url, configuration: Self.configuration()))
    }
}

/// `revoked list`.
@Suite(.timeLimit(.minutes(2))) struct ListingTests {
    private func listed(_ url: String) async throws -> [String: StoredRevocation] {
        let administration = try StoreAdministration(url, logger: LogLines().logger)
        var all: [String: StoredRevocation] = [:]
        var last = 0
        try await administration.list { found, read, total in
            #expect(read <= total)
            last = read
            for revocation in found {
                all["\(revocation.label ?? "") \(revocation.kind.word) \(revocation.identifier ?? "")"] = revocation
            }
        }
        #expect(last >= all.count)
        await administration.close()
        return all
    }

    private func everyRevocationIsListed(_ url: String, count: Int) async throws {
        var configuration = liveConfiguration()
        configuration.issuers = [.init("i"), .init("other", label: "idp")]
        let list = try RevocationList(url, configuration: configuration)
        for number in 0..<count { try await list.revoke(.session("s:\(number)"), reason: .compromised, issuer: "i") }
        try await list.revoke(.subject("al ice"), issuer: "other")
        try await list.revoke(.all(), issuer: "i")
        _ = try await list.exchangeSessionRecord(of: "x", issuer: "i", nil, for: [1], secondsToLive: 100)
        let all = try await listed(url)
        #expect(all.count == count + 2)
        #expect(all[" sid s:0"]?.reason == .compromised)
        let left = try #require(all[" sid s:0"]?.millisecondsLeft)
        #expect(left > 29 * 86_400_000)
        let subject = try #require(all["idp sub al ice"])
        #expect(subject.reason == nil && (subject.cutOff ?? 0) > 1_700_000_000_000)
        #expect(all[" all "]?.cutOff != nil)
        await list.close()
    }

    @Test func ofTheDaemon() async throws {
        try await withDaemon { try await everyRevocationIsListed($0, count: 1_200) }
    }

    @Test func ofRedis() async throws {
        let server = try await RedisServer()
        try await initialise(server.url)
        try await everyRevocationIsListed(server.url, count: 1_200)
    }

    @Test func ofACluster() async throws {
        let cluster = try await RedisCluster()
        try await initialise(cluster.url)
        try await everyRevocationIsListed(cluster.url, count: 50)
    }

    @Test(
        arguments: [
            ("revoked:jti:a:b", nil, "jti", "a:b"), ("revoked:idp:sid:x", "idp", "sid", "x"),
            ("revoked:all", nil, "all", nil), ("revoked:idp:all", "idp", "all", nil),
            ("revoked:other", nil, "jti", "other"), ("revoked:sub:jti:x", nil, "sub", "jti:x"),
            // To characters these colons are none: what follows is one with them.
            ("revoked:sub:\u{301}bob", nil, "sub", "\u{301}bob"), ("revoked:jti:\u{200D}x", nil, "jti", "\u{200D}x"),
            ("revoked:idp:sid:\u{FE0F}:y", "idp", "sid", "\u{FE0F}:y"),
        ] as [(String, String?, String, String?)])
    func aKeySaysWhatItRevokes(key: String, label: String?, word: String, identifier: String?) {
        let revocation = StoredRevocation(key, Array("logout".utf8), millisecondsLeft: nil, prefix: "revoked:")
        #expect(revocation.label == label)
        #expect(revocation.kind.word == word)
        #expect(revocation.identifier == identifier)
    }
}
