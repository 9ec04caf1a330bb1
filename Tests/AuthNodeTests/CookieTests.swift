import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import AuthNode

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

    /// Whatever is genuine of the two is revoked; the browser keeps neither.
    @Test(arguments: ["__Host-access", "__Host-refresh"], ["garbage", "a b", "a.b.c"])
    func aBadCookieDoesNotKeepTheOtherFromLoggingOut(name: String, value: String) async throws {
        try await node().test { client in
            let held = try cookies(try await client.login(credentials))
            let answer = try await client.post("/logout", "", sent(held.merging([name: value]) { $1 }))
            #expect(answer.status == .ok)
            #expect(try cookies(answer) == ["__Host-access": "", "__Host-refresh": ""])
            #expect(try await client.execute(uri: "/me", method: .get, headers: sent(held)).status == .unauthorized)
            #expect(try await client.post("/refresh", "", sent(held)).status == .badRequest)
        }
    }

    @Test func cookiesOfTwoSessionsEndBoth() async throws {
        try await node().test { client in
            let first = try cookies(try await client.login(credentials))
            let second = try cookies(try await client.login(credentials))
            let mixed = [
                "__Host-access": first["__Host-access"] ?? "", "__Host-refresh": second["__Host-refresh"] ?? "",
            ]
            #expect(try await client.post("/logout", "", sent(mixed)).status == .ok)
            for held in [first, second] {
                #expect(try await client.post("/refresh", "", sent(held)).status == .badRequest)
            }
        }
    }

    /// A user who is told that the log-out is done is logged out of all sessions presented.
    @Test(arguments: [true, false]) func aBearerTokenBesideCookiesEndsBothSessions(isGenuine: Bool) async throws {
        let node = try await node()
        let bearers = try node.sibling(TestNode.settings)
        try await node.test { client in
            let held = try cookies(try await client.login(credentials))
            let other = try await bearers.application().test(.router) { try await $0.pair("bob") }
            var headers = sent(held)
            headers[.authorization] = "Bearer \(isGenuine ? other.access : "garbage")"
            let answer = try await client.post("/logout", "", headers)
            #expect(answer.status == .ok)
            #expect(try cookies(answer) == ["__Host-access": "", "__Host-refresh": ""])
            #expect(try await client.execute(uri: "/me", method: .get, headers: sent(held)).status == .unauthorized)
            #expect(try await client.post("/refresh", "", sent(held)).status == .badRequest)
            #expect(try await client.me(other.access).status == (isGenuine ? .unauthorized : .ok))
        }
    }

    @Test func ofTwoCookiesOfOneNameBothEnd() async throws {
        try await node().test { client in
            let first = try cookies(try await client.login(credentials))
            let second = try cookies(try await client.login(credentials))
            let both = [first, second].map { "__Host-refresh=\($0["__Host-refresh"] ?? "")" }.joined(separator: "; ")
            #expect(try await client.post("/logout", "", [.cookie: both]).status == .ok)
            for held in [first, second] {
                #expect(try await client.post("/refresh", "", sent(held)).status == .badRequest)
            }
        }
    }

    /// Another node does.
    @Test func cookiesThatMerelyThisNodeRefusesStay() async throws {
        let node = try await node()
        var settings = TestNode.settings
        settings.cookies = true
        settings.audience = "bank"
        let bank = try node.sibling(settings)
        try await node.test { client in
            let held = try cookies(try await bank.application().test(.router) { try await $0.login(credentials) })
            for malformed in [false, true] {
                var headers = sent(["__Host-access": held["__Host-access"] ?? ""])
                if malformed { headers[.authorization] = "Bearer a b" }
                let answer = try await client.post("/logout", "", headers)
                #expect(answer.status == (malformed ? .badRequest : .unauthorized))
                #expect(answer.headers[.setCookie] == nil)
            }
            let status = try await bank.application().test(.router) {
                try await $0.execute(uri: "/me", method: .get, headers: sent(held)).status
            }
            #expect(status == .ok)
        }
    }

    @Test func cookiesThatNoNodeAcceptsAreCleared() async throws {
        try await node().test { client in
            let answer = try await client.post("/logout", "", sent(["__Host-access": "x", "__Host-refresh": "y"]))
            #expect(answer.status == .unauthorized)
            #expect(try cookies(answer) == ["__Host-access": "", "__Host-refresh": ""])
        }
    }

    private static func fields(_ fields: [String: String]) -> HTTPFields {
        var headers: HTTPFields = [:]
        for (name, value) in fields { headers[HTTPField.Name(name)!] = value }
        return headers
    }

    /// A form of another site could log a browser in as another user, or out.
    @Test(arguments: [
        ["Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "cross-site"],
        ["Origin": "null"], ["Origin": "https://evil.example"], ["Sec-Fetch-Site": "same-site"],
    ])
    func aPageOfAnotherOriginChangesNothing(fields: [String: String]) async throws {
        try await node().test { client in
            let form = "username=alice&password=correct+horse"
            let login = try await client.post("/login", form, Self.fields(fields))
            #expect(login.status == .forbidden)
            #expect(login.headers[.setCookie] == nil)

            let held = try cookies(try await client.post("/login", form))
            for path in ["/logout", "/refresh", "/logout-everywhere"] {
                var headers = Self.fields(fields)
                headers[.cookie] = sent(held)[.cookie]
                #expect(try await client.post(path, "", headers).status == .forbidden)
            }
            #expect(try await client.execute(uri: "/me", method: .get, headers: sent(held)).status == .ok)
        }
    }

    @Test(
        arguments: [
            ([:], true), (["Sec-Fetch-Site": "same-origin", "Origin": "https://elsewhere.example"], true),
            (["Sec-Fetch-Site": "none"], true), (["Origin": "https://node.example:8443"], true),
            (["Origin": "https://NODE.example:8443"], true), (["Origin": "https://node.example"], false),
            (["Origin": "node.example:8443"], false), (["Origin": ""], false), (["Sec-Fetch-Site": ""], false),
            (["Origin": "https://node.example:8443.evil.example"], false),
        ] as [([String: String], Bool)])
    func ownPagesAndProgramsAreLetThrough(fields: [String: String], isAdmitted: Bool) {
        #expect(SameOrigin.admits(Self.fields(fields), host: "node.example:8443") == isAdmitted)
    }

    /// If tokens are in bodies, a foreign page can read none, and log in no user.
    @Test func withoutCookiesAnybodyMayLogIn() async throws {
        try await TestNode().test { client in
            let headers: HTTPFields = [.origin: "https://app.example"]
            let answer = try await client.post("/login", credentials, headers)
            #expect(answer.status == .ok)
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
