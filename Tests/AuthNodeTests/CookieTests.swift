import AuthNode
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@Suite struct CookieTests {
    private func node() async throws -> TestNode {
        var settings = TestNode.settings
        settings.cookies = true
        return try await TestNode(settings: settings)
    }

    /// The cookies of an answer, as a browser would send them back.
    private func cookies(_ answer: TestResponse) throws -> [String: String] {
        var cookies: [String: String] = [:]
        for value in answer.headers[values: .setCookie] {
            for attribute in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
                #expect(value.components(separatedBy: "; ").contains(attribute))
            }
            let pair = value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            cookies[String(pair[0])] = String(pair[1])
        }
        return cookies
    }

    private func sent(_ cookies: [String: String]) -> HTTPFields {
        [.cookie: cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")]
    }

    private let credentials = #"{"username":"alice","password":"correct horse"}"#

    @Test func aBrowsersSessionFromLogInToLogOut() async throws {
        try await node().test { client in
            let login = try await client.login(credentials)
            #expect(!login.text.contains("access_token"))
            let first = try cookies(login)
            #expect(Set(first.keys) == ["__Host-access", "__Host-refresh"])
            #expect(try await client.execute(uri: "/me", method: .get, headers: sent(first)).status == .ok)
            #expect(try await client.execute(uri: "/auth", method: .get, headers: sent(first)).status == .ok)

            let refreshed = try await client.post("/refresh", "", sent(first))
            #expect(!refreshed.text.contains("refresh_token"))
            let second = try cookies(refreshed)
            #expect(second["__Host-refresh"] != first["__Host-refresh"])

            let logout = try await client.post("/logout", "", sent(["__Host-refresh": second["__Host-refresh"] ?? ""]))
            #expect(logout.status == .ok)
            #expect(try cookies(logout) == ["__Host-access": "", "__Host-refresh": ""])
            #expect(logout.headers[values: .setCookie].allSatisfy { $0.contains("Max-Age=0") })
            #expect(try await client.execute(uri: "/me", method: .get, headers: sent(second)).status == .unauthorized)
        }
    }

    @Test func cookiesAreKeptUntilTheLogOutIsAcknowledged() async throws {
        let node = try await node()
        try await node.test { client in
            let held = try cookies(try await client.login(credentials))
            node.denylist.isAway = true
            let answer = try await client.post("/logout", "", sent(held))
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.headers[.setCookie] == nil)
        }
    }

    @Test func oneTokenOnly() async throws {
        try await node().test { client in
            let held = try cookies(try await client.login(credentials))
            var headers = sent(held)
            headers[.authorization] = "Bearer \(held["__Host-access"] ?? "")"
            #expect(try await client.execute(uri: "/me", method: .get, headers: headers).status == .badRequest)
            let twice: HTTPFields = [.cookie: "__Host-access=a; __Host-access=b"]
            #expect(try await client.execute(uri: "/me", method: .get, headers: twice).status == .badRequest)
            #expect(try await client.execute(uri: "/auth", method: .get, headers: twice).status == .unauthorized)
        }
    }

    @Test func withoutTheSettingACookieIsNoCredential() async throws {
        try await TestNode().test { client in
            let headers = sent(["__Host-access": try await client.token()])
            #expect(try await client.execute(uri: "/me", method: .get, headers: headers).status == .unauthorized)
        }
    }
}
