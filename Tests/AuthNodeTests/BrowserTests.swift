import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import AuthNode

/// Pages in browsers, and what pages of strangers get (ThreatModel.md, *Web pages and public clients*).
@Suite struct BrowserTests {
    private static let app = "https://app.example"
    private let credentials = #"{"username":"alice","password":"correct horse"}"#

    private func node(cookies: Bool = false) async throws -> TestNode {
        var settings = TestNode.settings
        settings.cookies = cookies
        settings.issuer = "https://login.example"
        settings.allowedOrigins = try #require(AllowedOrigins("\(Self.app), http://localhost:3000"))
        return try await TestNode(settings: settings)
    }

    private func preflight(_ origin: String, _ method: String = "POST") -> HTTPFields {
        [
            .origin: origin, .accessControlRequestMethod: method,
            .accessControlRequestHeaders: "authorization,content-type",
        ]
    }

    private func granted(_ answer: TestResponse) -> [String] {
        answer.headers.filter { $0.name.canonicalName.hasPrefix("access-control-") }.map { $0.name.canonicalName }
    }

    @Test(arguments: [
        ("/login", "POST"), ("/logout", "POST"), ("/refresh", "POST"), ("/logout-everywhere", "POST"), ("/me", "GET"),
        ("/oauth2/revoke", "POST"), ("/oauth2/token", "POST"), ("/sessions", "GET"), ("/sessions/x", "DELETE"),
        ("/.well-known/jwks.json", "GET"), ("/.well-known/oauth-authorization-server", "GET"),
    ])
    func aPageOfAnAllowedOriginMayAsk(path: String, method: String) async throws {
        try await node().test { client in
            let answer = try await client.execute(
                uri: path, method: .options, headers: preflight(Self.app, method))
            #expect(answer.status == .noContent)
            #expect(answer.headers[.accessControlAllowOrigin] == Self.app)
            #expect(answer.headers[.accessControlAllowMethods] == method)
            #expect(answer.headers[.accessControlAllowHeaders] == "authorization, content-type")
            #expect(answer.headers[.accessControlMaxAge] == "600")
            #expect(answer.headers[.accessControlAllowCredentials] == nil)
            #expect(answer.headers[.vary] == "Origin")
        }
    }

    /// What only servers and gateways use stays closed to pages.
    @Test(arguments: ["/oauth2/introspect", "/auth", "/auth/x", "/readyz", "/healthz", "/nowhere"])
    func otherPathsAreNotForPages(path: String) async throws {
        try await node().test { client in
            let answer = try await client.execute(uri: path, method: .options, headers: preflight(Self.app))
            #expect(granted(answer) == [])
        }
    }

    /// `null` is the origin of sandboxed frames and of files: anybody's.
    @Test(arguments: [
        "https://evil.example", "null", "https://app.example.evil.example", "http://app.example",
        "https://app.example:8443",
        "https://APP.example", "https://app.example/", "*", "", "https://app.example, https://evil.example",
    ])
    func aStrangersPageGetsNothing(origin: String) async throws {
        try await node().test { client in
            for path in ["/login", "/logout", "/sessions/x", "/oauth2/token"] {
                let answer = try await client.execute(uri: path, method: .options, headers: preflight(origin))
                #expect(answer.status == .noContent)
                #expect(granted(answer) == [])
                #expect(answer.headers[.vary] == "Origin")
            }
            let login = try await client.post("/login", credentials, [.origin: origin])
            #expect(granted(login) == [])
        }
    }

    @Test func withoutTheSettingNoPageGetsAnything() async throws {
        try await TestNode().test { client in
            let answer = try await client.execute(uri: "/login", method: .options, headers: preflight(Self.app))
            #expect(answer.status == .noContent)
            #expect(granted(answer) == [] && answer.headers[.vary] == nil)
        }
    }

    @Test func twoOriginsAreNone() async throws {
        try await node().test { client in
            var headers = preflight(Self.app)
            headers.append(HTTPField(name: .origin, value: "https://evil.example"))
            let answer = try await client.execute(uri: "/login", method: .options, headers: headers)
            #expect(granted(answer) == [])
        }
    }

    @Test func aPageReadsAnswersAndRefusals() async throws {
        try await node().test { client in
            let origin: HTTPFields = [.origin: Self.app]
            let login = try await client.post("/login", credentials, origin)
            #expect(login.status == .ok)
            #expect(login.headers[.accessControlAllowOrigin] == Self.app)
            #expect(login.headers[.accessControlExposeHeaders] == "WWW-Authenticate, Retry-After")
            let refused = try await client.execute(uri: "/me", method: .get, headers: origin)
            #expect(refused.status == .unauthorized)
            #expect(refused.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
            #expect(refused.headers[.accessControlAllowOrigin] == Self.app)
            let wrong = try await client.execute(uri: "/login", method: .put, headers: origin)
            #expect(wrong.status == .methodNotAllowed)
            #expect(wrong.headers[.accessControlAllowOrigin] == Self.app)
        }
    }

    /// With cookies a listed origin may use them, and no other page may.
    @Test func cookiesAreForListedOriginsOnly() async throws {
        let node = try await node(cookies: true)
        try await node.test { client in
            let site = HTTPField.Name("Sec-Fetch-Site")!
            let page: HTTPFields = [.origin: Self.app, site: "same-site"]
            let asked = try await client.execute(uri: "/login", method: .options, headers: preflight(Self.app))
            #expect(asked.headers[.accessControlAllowCredentials] == "true")
            let login = try await client.post("/login", credentials, page)
            #expect(login.status == .ok)
            #expect(login.headers[values: .setCookie].count == 2)
            #expect(login.headers[values: .setCookie].allSatisfy { $0.contains("SameSite=Strict") })
            let access = try #require(login.headers[values: .setCookie].first?.prefix { $0 != ";" })
            for origin in ["https://evil.example", "null"] {
                let evil: HTTPFields = [.origin: origin, site: "same-site", .cookie: String(access)]
                for path in ["/logout", "/logout-everywhere", "/refresh", "/login"] {
                    #expect(try await client.post(path, credentials, evil).status == .forbidden)
                }
                let end = try await client.execute(uri: "/sessions/x", method: .delete, headers: evil)
                #expect(end.status == .forbidden)
                #expect(granted(end) == [])
            }
            var own = page
            own[.cookie] = String(access)
            #expect(try await client.execute(uri: "/me", method: .get, headers: own).status == .ok)
            #expect(try await client.post("/logout", "", own).status == .ok)
        }
    }

    @Test(arguments: [
        "https://app.example", "https://app.example:8443", "http://localhost:3000", "http://127.0.0.1",
        "http://[::1]:1",
        "https://a.example,https://b.example", "",
    ])
    func originsAsBrowsersSendThem(text: String) {
        #expect(AllowedOrigins(text) != nil)
    }

    @Test(arguments: [
        "*", "null", "app.example", "https://app.example/", "https://app.example/path", "http://app.example",
        "https://",
        "https://*.example", "https://user@app.example", "https://app.example:0", "https://app.example:", "https://a b",
        "https://App.example", "ftp://app.example", "https://app.example?x", "https://app.example:65536", "https://[x]",
    ])
    func whatIsNoOriginIsRefused(text: String) {
        #expect(AllowedOrigins(text) == nil)
    }
}
