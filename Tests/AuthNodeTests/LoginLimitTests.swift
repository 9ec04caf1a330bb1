import AuthNode
import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

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
            node.clock.now += 60_000
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

    @Test func aRightPasswordCostsNothing() async throws {
        try await node().test { client in
            for _ in 0..<10 { _ = try await client.pair() }
        }
    }
}
