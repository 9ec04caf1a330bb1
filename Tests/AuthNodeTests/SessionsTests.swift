import Contract
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Revocation
import RevocationHTTP
import TestSupport
import Testing

@testable import AuthNode

@Suite struct SessionsTests {
    private func sessions(_ client: any TestClientProtocol, _ token: String) async throws -> [[String: Any]] {
        let answer = try await client.execute(uri: "/sessions", method: .get, headers: bearer(token))
        #expect(answer.status == .ok)
        return try #require(try answer.json()["sessions"] as? [[String: Any]])
    }

    private func sid(_ token: String) throws -> String { try #require(try TokenParts(token).claims["sid"] as? String) }

    /// `auth_time` in milliseconds.
    private func logIn(_ token: String) throws -> Int64 {
        Int64((try #require(try TokenParts(token).claims["auth_time"] as? Double) * 1000).rounded())
    }

    private func end(_ client: any TestClientProtocol, _ sid: String, _ token: String) async throws -> TestResponse {
        try await client.execute(uri: "/sessions/\(sid)", method: .delete, headers: bearer(token))
    }

    @Test func aUserSeesTheirSessions() async throws {
        var settings = TestNode.settings
        settings.trustsForwardedFor = true
        let node = try await TestNode(settings: settings)
        let sibling = try node.sibling(settings)
        try await node.test { client in
            let phone: HTTPFields = [.userAgent: "Phone/1.0 (é)", HTTPField.Name("X-Forwarded-For")!: "192.0.2.7"]
            let credentials = #"{"username":"alice","password":"correct horse"}"#
            let first = try await client.post("/login", credentials, phone).pair()
            node.clock.wall += 1_000
            // Another node knows it, too.
            let second = try await sibling.application().test(.router) { try await $0.pair() }
            _ = try await client.pair("bob")
            node.clock.wall += 60_000
            let refreshed = try await client.refresh(first.refresh).pair()

            let all = try await sessions(client, refreshed.access)
            #expect(all.map { $0["sid"] as? String } == [try sid(first.access), try sid(second.access)])
            #expect(all.map { $0["current"] as? Bool } == [true, false])
            #expect(all.map { $0["logged_in_at"] as? Int64 } == [try logIn(first.access), try logIn(second.access)])
            #expect(all.map { $0["refreshed_at"] as? Int64 } == [TestNode.start + 61_000, TestNode.start + 1_000])
            #expect(try await sessions(client, second.access).map { $0["current"] as? Bool } == [false, true])
        }
    }

    @Test func deviceAndAddressAreThoseOfTheLogIn() async throws {
        var settings = TestNode.settings
        settings.trustsForwardedFor = true
        try await TestNode(settings: settings).test { client in
            let long = String(repeating: "x", count: 300)
            let phone: HTTPFields = [
                .userAgent: "Phone (é)\(long)", HTTPField.Name("X-Forwarded-For")!: "192.0.2.7",
            ]
            let answer = try await client.post("/login", #"{"username":"alice","password":"correct horse"}"#, phone)
            let session = try #require(try await sessions(client, answer.pair().access).first)
            #expect(session["device"] as? String == ("Phone (?)" + long).prefix(100).description)
            #expect(session["address"] as? String == "192.0.2.7")
        }
    }

    @Test func aUserEndsOneOfTheirSessions() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let (one, other) = (try await client.pair(), try await client.pair())
            #expect(try await end(client, try sid(one.access), other.access).status == .ok)
            #expect(try await client.me(one.access).status == .unauthorized)
            #expect(try await client.refresh(one.refresh).status == .badRequest)
            #expect(try await sessions(client, other.access).count == 1)
            // This one, too.
            #expect(try await end(client, try sid(other.access), other.access).status == .ok)
            #expect(try await client.me(other.access).status == .unauthorized)
        }
    }

    @Test func nobodyEndsSomebodyElsesSession() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let (alice, bob) = (try await client.pair(), try await client.pair("bob"))
            for wanted in [try sid(bob.access), "nonsense", "%2e%2e", "*"] {
                let answer = try await end(client, wanted, alice.access)
                #expect(answer.status == .notFound)
            }
            #expect(try await client.me(bob.access).status == .ok)
            let bare = try await client.execute(uri: "/sessions/\(try sid(bob.access))", method: .delete)
            #expect(bare.status == .unauthorized)
            #expect(try await client.execute(uri: "/sessions", method: .get).status == .unauthorized)
            let wrong = try await client.execute(uri: "/sessions/x", method: .post)
            #expect(wrong.status == .methodNotAllowed)
            #expect(wrong.headers[.allow] == "DELETE, OPTIONS")
        }
    }

    @Test func whatHasEndedIsNotShown() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let (one, other) = (try await client.pair(), try await client.pair())
            #expect(try await client.logout(one.access).status == .ok)
            #expect(try await sessions(client, other.access).count == 1)
            node.clock.wall += 5
            let answer = try await client.post("/logout-everywhere", "", bearer(other.access))
            #expect(answer.status == .ok)
            node.clock.wall += 5
            let new = try await client.pair()
            #expect(try await sessions(client, new.access).map { $0["sid"] as? String } == [try sid(new.access)])
            // A month later it was refreshed for the last time.
            node.clock.wall += 29 * 86_400_000
            let later = try await client.pair()
            node.clock.wall += 2 * 86_400_000
            let last = try await client.refresh(later.refresh).pair()
            #expect(try await sessions(client, last.access).count == 1)
        }
    }

    @Test func withoutTheStoreNothingIsSaidAndNothingEnds() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let token = try await client.token()
            node.denylist.isAway = true
            let answer = try await client.execute(uri: "/sessions", method: .get, headers: bearer(token))
            #expect(answer.status == .serviceUnavailable)
            #expect(try await end(client, try sid(token), token).status == .serviceUnavailable)
        }
    }

    private func records(_ node: TestNode) -> SessionRecords {
        SessionRecords(
            store: node.denylist, denylist: node.denylist, issuer: "revoked", client: "revoked",
            lifetime: .seconds(1_000),
            clock: WallClock { [clock = node.clock] in clock.wall })
    }

    /// - Parameter later: how long after its log-in a session is refreshed; 0 for the log-in.
    private func note(_ records: SessionRecords, _ node: TestNode, _ number: Int, later: Int64 = 0) async {
        let time = TestNode.start + Int64(number)
        let device: HTTPFields = [.userAgent: String(repeating: "\"", count: 200)]
        await records.note(
            UserSession(
                identifier: "s\(number)", headers: device, address: "192.0.2.1", loggedInAt: time,
                refreshedAt: time + later),
            of: "alice", node.node.logger)
    }

    /// The list is bounded, and what has ended gives way first.
    @Test func atMostAHundredSessionsAreKept() async throws {
        let node = try await TestNode()
        let records = records(node)
        func note(_ number: Int) async { await self.note(records, node, number) }
        for number in 0..<100 { await note(number) }
        #expect(try await records.all(of: "alice").count == 100)
        _ = try await node.denylist.revoke(.session("s50"), reason: .logout, issuer: "revoked")
        await note(100)
        var names = try await records.all(of: "alice").map(\.identifier)
        #expect(names.count == 100 && names.contains("s0") && !names.contains("s50"))
        await note(101)
        names = try await records.all(of: "alice").map(\.identifier)
        #expect(names.count == 100 && !names.contains("s0") && names.first == "s101")
        // Our client reads no more than 64 KiB.
        let bytes = try #require(try await node.denylist.sessionRecord(of: "alice", issuer: "revoked"))
        #expect(bytes.count < 48 << 10)
    }

    /// Each write is the whole record in the daemon's log, and each check a command.
    @Test func refreshesOfManySessionsCostLittle() async throws {
        let node = try await TestNode()
        let records = records(node)
        for number in 0..<110 { await note(records, node, number) }
        let (lookups, written) = (node.denylist.lookups, node.denylist.recordsWritten)
        #expect(written == 110)
        for later in 1...20 {
            for number in 0..<110 { await note(records, node, number, later: Int64(later) * 1_000) }
        }
        #expect(node.denylist.recordsWritten == written)
        // What was not refreshed for a minute gives way, and nobody is asked about it.
        await note(records, node, 0, later: 100_000)
        #expect(node.denylist.recordsWritten == written + 1)
        #expect(node.denylist.lookups == lookups)
        let names = try await records.all(of: "alice").map(\.identifier)
        #expect(names.count == 100 && names.first == "s0" && !names.contains("s10"))
    }

    @Test func aSessionIsNotedOnceAMinute() async throws {
        let node = try await TestNode()
        let records = records(node)
        for later in stride(from: Int64(0), to: 120_000, by: 10_000) { await note(records, node, 1, later: later) }
        #expect(node.denylist.recordsWritten == 2)
        #expect(try await records.all(of: "alice").map(\.refreshedAt) == [TestNode.start + 60_001])
    }

    /// Of sixteen at once the last one loses fifteen times.
    @Test func aSessionIsNotedBesideFifteenOthers() async throws {
        let node = try await TestNode()
        let records = records(node)
        for number in 0..<100 { await note(records, node, number) }
        let lookups = node.denylist.lookups
        node.denylist.exchangesToLose = 15
        await note(records, node, 100)
        // Who has ended is asked once, however often the record is tried.
        #expect(node.denylist.lookups == lookups + 100)
        #expect(try await records.all(of: "alice").first?.identifier == "s100")
        // One that goes on losing ends.
        node.denylist.exchangesToLose = .max
        await note(records, node, 101)
        #expect(node.denylist.exchangesToLose == .max - SessionRecords.attempts)
    }

    @Test func aSessionThatAsksInALoopHasToWait() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let (token, other) = (try await client.token(), try await client.token())
            for _ in 0..<5 {
                _ = try await sessions(client, token)
                #expect(try await end(client, "none", token).status == .notFound)
            }
            let refused = try await client.execute(uri: "/sessions", method: .get, headers: bearer(token))
            #expect(refused.status == .tooManyRequests)
            #expect(refused.headers[.retryAfter] == "1")
            #expect(try await end(client, "none", token).status == .tooManyRequests)
            #expect(try await sessions(client, other).count == 2)
            node.clock.wall += 1_000
            #expect(try await sessions(client, token).count == 2)
            // It may always end itself.
            #expect(try await end(client, try sid(token), token).status == .ok)
        }
    }

    /// A stranger's identifier costs no question about each session, and a known one costs one.
    @Test func theEndOfOneSessionAsksAboutNoOther() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let tokens = [try await client.token(), try await client.token(), try await client.token()]
            var before = node.denylist.lookups
            #expect(try await end(client, "none", tokens[0]).status == .notFound)
            // The token itself is looked up.
            #expect(node.denylist.lookups == before + 1)
            before = node.denylist.lookups
            #expect(try await end(client, try sid(tokens[1]), tokens[0]).status == .ok)
            #expect(node.denylist.lookups == before + 2)
            #expect(try await end(client, try sid(tokens[1]), tokens[0]).status == .notFound)
        }
    }

    @Test func nodesThatNoteAtOnceLoseNothing() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let pairs = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<4 { group.addTask { try await client.pair().access } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(try await sessions(client, try #require(pairs.first)).count == 4)
        }
    }

    /// What another program wrote under the key keeps nobody from logging in.
    @Test func aRecordThatIsNoneIsReplaced() async throws {
        let node = try await TestNode()
        let isWritten = try await node.denylist.exchangeSessionRecord(
            of: "alice", issuer: "revoked", nil, for: [0xFF, 0], secondsToLive: 100)
        #expect(isWritten)
        try await node.test { client in
            let token = try await client.token()
            #expect(try await sessions(client, token).count == 1)
        }
    }
}
