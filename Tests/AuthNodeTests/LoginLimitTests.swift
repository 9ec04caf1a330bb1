import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import RevocationHTTP
import TestSupport
import Testing

@testable import AuthNode

@Suite struct LoginLimitTests {
    private let wrong = #"{"username":"alice","password":"wrong"}"#

    private func node() async throws -> TestNode {
        var settings = TestNode.settings
        settings.loginAttempts = 3
        settings.trustsForwardedFor = true
        return try await TestNode(settings: settings)
    }

    private func from(_ address: String) -> HTTPFields {
        var headers = HTTPFields()
        if let name = HTTPField.Name("X-Forwarded-For") { headers[name] = "198.51.100.7, \(address)" }
        return headers
    }

    @Test func whoGuessesHasToWait() async throws {
        let node = try await node()
        try await node.test { client in
            for _ in 0..<3 { #expect(try await client.login(wrong).status == .unauthorized) }
            let refused = try await client.login(wrong)
            #expect(refused.status == .tooManyRequests)
            #expect(refused.headers[.retryAfter] == "60")
            // The right password, too: it could be the next guess. Another account, and another address, may.
            #expect(try await client.login(wrong.replacing("wrong", with: "correct horse")).status == .tooManyRequests)
            _ = try await client.pair("bob")
            #expect(try await client.post("/login", wrong, from("192.0.2.1")).status == .unauthorized)
            node.clock.wall += 60_000
            _ = try await client.pair()
        }
    }

    @Test func oneAddressCannotTryEveryAccount() async throws {
        try await node().test { client in
            for number in 0..<15 {
                let body = #"{"username":"user-\#(number)","password":"wrong"}"#
                #expect(try await client.post("/login", body, from("192.0.2.1")).status == .unauthorized)
            }
            let answer = try await client.post("/login", wrong, from("192.0.2.1"))
            #expect(answer.status == .tooManyRequests)
            #expect(try await client.post("/login", wrong, from("192.0.2.2")).status == .unauthorized)
        }
    }

    @Test func oneNetworkOfIPv6CountsAsOneAddress() async throws {
        try await node().test { client in
            for number in 0..<3 {
                let answer = try await client.post("/login", wrong, from("2001:db8:1:2::\(number)"))
                #expect(answer.status == .unauthorized)
            }
            let refused = try await client.post("/login", wrong, from("[2001:db8:1:2:ffff::1]:4711"))
            #expect(refused.status == .tooManyRequests)
            #expect(try await client.post("/login", wrong, from("2001:db8:1:3::1")).status == .unauthorized)
        }
    }

    /// Overload is not a wrong password: a user refused without a check may try again.
    @Test func anUncheckedPasswordDoesNotCount() async throws {
        let credentials = CredentialCheck(
            passwords: try PasswordCheck(Accounts(), maximumCallers: 0),
            limit: LoginLimit(attempts: 3, clock: WallClock { 0 }), proxies: .none, realm: "test")
        let router = Router(context: NodeContext.self)
        router.post("login") { request, context in
            try await credentials.subject(name: "alice", password: "correct horse", request, context)
        }
        try await Application(router: router).test(.router) { client in
            for _ in 0..<20 {
                let answer = try await client.login("")
                #expect(answer.status == .serviceUnavailable)
            }
        }
    }

    @Test func madeUpNamesTakeLittleMemory() throws {
        let limit = LoginLimit(attempts: 10, clock: WallClock { 0 })
        for number in 0..<(3 * LoginLimit.capacity) {
            _ = try limit.begin(
                account: "user-\(number)", network: ClientNetwork("198.51.\(number / 256).\(number % 256)"))
        }
        #expect(limit.size <= 2 * LoginLimit.capacity)
        #expect(limit.size >= LoginLimit.capacity)
        // Nothing is left of forgiven attempts, however long their names.
        let other = LoginLimit(attempts: 10, clock: WallClock { 0 })
        for number in 0..<100 {
            let name = String(repeating: "u", count: 16_000) + "\(number)"
            other.end(try other.begin(account: name, network: ClientNetwork("192.0.2.1")), wasGuess: false)
        }
        #expect(other.size == 0)
    }

    @Test func aRightPasswordCostsNothing() async throws {
        try await node().test { client in
            for _ in 0..<10 { _ = try await client.pair() }
        }
    }

    /// A user with a right password must not keep all threads busy that hash passwords.
    @Test func anAccountIsNotLoggedIntoMoreThanTwiceAtOnce() throws {
        let clock = TestClock(wall: TestNode.start)
        let limit = LoginLimit(attempts: 10, clock: WallClock { clock.wall })
        let network = ClientNetwork("192.0.2.1")
        let first = try limit.begin(account: "alice", network: network)
        let second = try limit.begin(account: "alice", network: network)
        let refusal = #expect(throws: Refusal.self) { try limit.begin(account: "alice", network: network) }
        #expect(refusal?.status == .tooManyRequests)
        #expect(refusal?.headers[.retryAfter] == "1")
        limit.end(try limit.begin(account: "bob", network: network), wasGuess: false)
        limit.end(try limit.begin(account: "alice", network: ClientNetwork("192.0.2.2")), wasGuess: false)
        limit.end(first, wasGuess: false)
        limit.end(second, wasGuess: true)
        // No refused attempt counts as a guess.
        for _ in 0..<9 { limit.end(try limit.begin(account: "alice", network: network), wasGuess: true) }
        #expect(throws: Refusal.self) { try limit.begin(account: "alice", network: network) }
    }

    @Test func aProxyThatIsNotTrustedIsSaidOnce() async throws {
        let log = LogLines()
        var settings = TestNode.settings
        settings.loginAttempts = 3
        let node = try await TestNode(settings: settings, logger: log.logger)
        try await node.test { client in
            _ = try await client.pair()
            #expect(log.lines.count { $0.contains("--trusted-proxies") } == 0)
            for number in 0..<2 { _ = try await client.post("/login", wrong, from("192.0.2.\(number)")) }
            #expect(log.lines.count { $0.contains("--trusted-proxies") } == 1)
        }
    }
}
