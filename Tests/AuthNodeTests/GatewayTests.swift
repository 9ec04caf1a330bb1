import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Revocation
import RevocationHTTP
import Settings
import TestSupport
import Testing

@testable import AuthNode

/// How gateways ask, and what they are told (Gateways.md). Those from Debian are in ``ProxyTests``.
@Suite struct GatewayTests {
    static func fields(_ fields: [String: String]) -> HTTPFields {
        var headers: HTTPFields = [:]
        for (name, value) in fields { headers[HTTPField.Name(name)!] = value }
        return headers
    }

    /// A request as a gateway sends it for `POST https://shop.example/orders/1?x=1` of 192.0.2.7.
    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let method: HTTPRequest.Method
        let path: String
        let headers: [String: String]
    }

    static let shapes = [
        // ext_authz over HTTP with `path_prefix: /auth`; Istio's `envoyExtAuthzHttp` is the same.
        Shape(
            testDescription: "Envoy, Istio", method: .post, path: "/auth/orders/1?x=1",
            headers: [
                "Host": "shop.example", "Content-Length": "0", "X-Forwarded-Proto": "https",
                "X-Envoy-Internal": "true", "X-Request-Id": "6f3e",
            ]),
        Shape(
            testDescription: "Traefik", method: .get, path: "/auth",
            headers: [
                "X-Forwarded-Method": "POST", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example",
                "X-Forwarded-Uri": "/orders/1?x=1", "X-Forwarded-For": "192.0.2.7",
            ]),
        Shape(
            testDescription: "ingress-nginx", method: .get, path: "/auth",
            headers: [
                "X-Original-Method": "POST", "X-Original-URL": "https://shop.example/orders/1?x=1",
                "X-Auth-Request-Redirect": "/orders/1", "X-Sent-From": "nginx-ingress-controller",
            ]),
        Shape(
            testDescription: "Kong", method: .get, path: "/auth",
            headers: ["X-Forwarded-Host": "shop.example", "X-Forwarded-Path": "/orders/1", "X-Real-IP": "192.0.2.7"]),
    ]

    @Test(arguments: shapes)
    func eachGatewaysRequestIsAnswered(shape: Shape) async throws {
        let node = try await TestNode()
        try await node.test { client in
            let token = try await client.token()
            func ask(_ token: String?) async throws -> TestResponse {
                var headers = Self.fields(shape.headers)
                if let token { headers[.authorization] = "Bearer \(token)" }
                return try await client.execute(uri: shape.path, method: shape.method, headers: headers)
            }
            let bare = try await ask(nil)
            #expect(bare.status == .unauthorized)
            #expect(bare.headers[.wwwAuthenticate]?.hasPrefix("Bearer ") == true)
            let passed = try await ask(token)
            #expect(passed.status == .ok)
            #expect(passed.headers[HTTPField.Name("X-Auth-Subject")!] == "alice")
            #expect(passed.headers[.cacheControl] == "no-store")
            node.denylist.isAway = true
            #expect(try await ask(token).status == .serviceUnavailable)
            node.denylist.isAway = false
            #expect(try await client.logout(token).status == .ok)
            let revoked = try await ask(token)
            #expect(revoked.status == .unauthorized)
            #expect(revoked.headers[.wwwAuthenticate]?.contains("invalid_token") == true)
            #expect(revoked.headers[.cacheControl] == "no-store")
        }
    }

    /// Envoy and Istio send no other header of a client than those that they are told.
    @Test(arguments: ["\nallowed_headers:", "includeRequestHeadersInCheck:"])
    func theArticleHasThemSendWhatIsReadOfABrowser(setting: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let article = try String(
            contentsOf: root.appending(path: "Sources/RevokedServer/RevokedServer.docc/Gateways.md"), encoding: .utf8)
        let list = try #require(article.split(separator: setting).dropFirst().first).prefix { $0 != "\n" }
        for name in ["cookie", "origin", "sec-fetch-site"] { #expect(list.contains(name), "\(list)") }
    }

    /// A gateway that names the node in `Host`, and is not trusted, says nothing of the host that a browser asked for.
    @Test func aWebSocketOfTheOwnOriginNeedsTheHostThatItAskedFor() async throws {
        var settings = TestNode.settings
        settings.cookies = true
        let node = try await TestNode(settings: settings)
        settings.trustsForwardedFor = true
        let trusting = try node.sibling(settings)
        let token = try await node.sibling(TestNode.settings).application().test(.router) { try await $0.token() }
        let own = ["Cookie": "__Host-access=\(token)", "Origin": "https://shop.example"]
        let forwarded = own.merging(["X-Forwarded-Host": "shop.example"]) { $1 }
        for (node, fields, status) in [
            (node.node, own, .forbidden), (node.node, forwarded, .forbidden), (trusting, forwarded, .ok),
            // The host that a request has in these tests.
            (node.node, own.merging(["Origin": "https://localhost"]) { $1 }, .ok),
        ] as [(Node, [String: String], HTTPResponse.Status)] {
            let answer = try await node.application().test(.router) { client in
                try await client.execute(uri: "/auth", method: .get, headers: Self.fields(fields))
            }
            #expect(answer.status == status, "\(fields)")
            if status == .forbidden { #expect(answer.text.contains("X-Forwarded-Host")) }
        }
    }

    /// Kong's `oauth2-introspection` sends a form, and its credential as it was configured.
    @Test func kongsPluginIntrospects() async throws {
        let directory = try TemporaryFolder()
        let file = ClientFile(directory.file("clients"))
        let secret = try file.add("gateway")
        try await TestNode(clients: try file.load()).test { client in
            let token = try await client.token()
            let headers: HTTPFields = [
                .authorization: "Basic " + Data("gateway:\(secret)".utf8).base64EncodedString(),
                .contentType: "application/x-www-form-urlencoded", .accept: "application/json",
            ]
            let body = "token=\(token)&token_type_hint=access_token"
            #expect(try await client.post("/oauth2/introspect", body, headers).json()["active"] as? Bool == true)
            #expect(try await client.logout(token).status == .ok)
            #expect(try await client.post("/oauth2/introspect", body, headers).json()["active"] as? Bool == false)
        }
    }

    @Test func theClaimsThatGoUpstreamAreConfigured() async throws {
        var settings = TestNode.settings
        settings.upstreamHeaders = try #require(
            UpstreamHeaders("Remote-User=sub, X-Jti=jti,X-Until=exp,X-Audience=aud,X-None=email"))
        try await TestNode(settings: settings, names: ["al ice%é,"]).test { client in
            let pair = try await client.pair("al ice%é,")
            let answer = try await client.execute(uri: "/auth", method: .get, headers: bearer(pair.access))
            let claims = try TokenParts(pair.access).claims
            func value(_ name: String) -> String? { answer.headers[HTTPField.Name(name)!] }
            #expect(value("Remote-User") == "al%20ice%25%C3%A9,")
            #expect(value("X-Jti") == claims["jti"] as? String)
            #expect(value("X-Until") == "1800000901")
            #expect(value("X-Audience") == "revoked")
            #expect(value("X-None") == nil)
            // So that Envoy takes a client's own away.
            #expect(value("X-Envoy-Auth-Headers-To-Remove") == "X-None")
            #expect(value("X-Auth-Subject") == nil)
        }
    }

    /// Whatever a claim holds ends no header, and no element of a list looks like two.
    @Test func otherClaimsStandInHeadersByTheirType() async throws {
        let payload = #"{"scope":"a b","roles":["x,y","z"],"n":1.5,"f":true,"o":{"a":1},"l":"a\r\nSet-Cookie: b"}"#
        let token = "e30.\(Base64URL.encode(Data(payload.utf8))).x"
        let headers = try #require(UpstreamHeaders("X-S=scope,X-R=roles,X-N=n,X-F=f,X-O=o,X-L=l,X-Sub=sub"))
        let fields = headers.fields(.init(issuer: "i", subject: "alice"), of: token)
        #expect(fields[HTTPField.Name("X-S")!] == "a%20b")
        #expect(fields[HTTPField.Name("X-R")!] == "x%2Cy,z")
        #expect(fields[HTTPField.Name("X-N")!] == "1.5")
        #expect(fields[HTTPField.Name("X-F")!] == "true")
        #expect(fields[HTTPField.Name("X-O")!] == nil)
        #expect(fields[HTTPField.Name("X-L")!] == "a%0D%0ASet-Cookie:%20b")
        #expect(fields[HTTPField.Name("X-Sub")!] == "alice")
    }

    @Test(arguments: [
        "Set-Cookie=sub", "Content-Length=sub", "X-A", "X-A=sub,x-a=sid", "X A=sub", "X-Forwarded-For=sub",
        "X-Original-URL=sub", "X-Envoy-Original-Path=sub",
        "X-A=a\u{e9}",
        (0..<17).map { "X-\($0)=sub" }.joined(separator: ","),
    ])
    func headersThatWouldMeanSomethingElseAreRefused(text: String) {
        #expect(UpstreamHeaders(text) == nil)
    }

    @Test func aGatewayMayKeepAnAnswerNoLongerThanConfiguredOrThanTheTokenLives() async throws {
        var settings = TestNode.settings
        settings.authCacheLifetime = .seconds(10)
        let node = try await TestNode(settings: settings)
        try await node.test { client in
            let token = try await client.token()
            func ask() async throws -> TestResponse {
                try await client.execute(uri: "/auth", method: .get, headers: bearer(token))
            }
            var answer = try await ask()
            #expect(answer.headers[.cacheControl] == "max-age=10, must-revalidate")
            #expect(answer.headers[.vary] == "Authorization, Cookie")
            node.clock.wall = 1_800_000_897_500
            answer = try await ask()
            #expect(answer.headers[.cacheControl] == "max-age=3, must-revalidate")
            node.clock.wall = 1_800_000_900_999
            answer = try await ask()
            #expect(answer.status == .ok)
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(try await client.logout(token).status == .ok)
            #expect(try await ask().headers[.cacheControl] == "no-store")
        }
        settings.failurePolicy = .allow
        let refused = settings
        #expect(throws: SettingError.self) { try refused.validate() }
    }

    @Test(
        arguments: [
            // Peer, trusted, X-Forwarded-For, the address that counts.
            ("192.0.2.1", "", "198.51.100.1", "192.0.2.1"),
            ("192.0.2.1", "192.0.2.1", "198.51.100.1", "198.51.100.1"),
            ("192.0.2.1", "192.0.2.2", "198.51.100.1", "192.0.2.1"),
            ("192.0.2.1", "192.0.2.0/24", "203.0.113.9, 198.51.100.1, 192.0.2.9", "198.51.100.1"),
            ("192.0.2.1", "192.0.2.0/24,198.51.100.1", "203.0.113.9, 198.51.100.1, 192.0.2.9", "203.0.113.9"),
            ("::ffff:192.0.2.1", "192.0.2.0/31", "[2001:db8::1]:443", "[2001:db8::1]:443"),
            ("2001:db8::1", "2001:db8::/32", "192.0.2.9,2001:db8:1::", "192.0.2.9"),
            ("192.0.2.1", "192.0.2.1", "", "192.0.2.1"), ("192.0.2.1", "0.0.0.0/0", "192.0.2.5", "192.0.2.5"),
            ("unknown", "0.0.0.0/0", "192.0.2.5", "unknown"),
        ])
    func onlyConfiguredProxiesSayWhoTheClientIs(peer: String, trusted: String, header: String, address: String) throws {
        let proxies = try #require(TrustedProxies(trusted))
        let headers = header.isEmpty ? [:] : ["X-Forwarded-For": header]
        #expect(Self.original(headers, peer: peer, proxies).address == address)
    }

    @Test(arguments: ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "proxy", "10.0.0.0/8/8", "::/129", "10.0.0.1,x"])
    func whatIsNoNetworkIsRefused(text: String) {
        #expect(TrustedProxies(text) == nil)
    }

    @Test func onlyConfiguredProxiesSayWhatTheClientAskedFor() throws {
        let proxies = try #require(TrustedProxies("192.0.2.1"))
        let headers = ["X-Forwarded-Host": "shop.example", "X-Original-Method": "POST"]
        let believed = Self.original(headers, peer: "192.0.2.1", proxies)
        #expect(believed.host == "shop.example" && !believed.isSafe)
        let stranger = Self.original(headers, peer: "192.0.2.2", proxies)
        #expect(stranger.host == "node.example" && !stranger.isSafe)
        let url = Self.original(["X-Original-URL": "https://shop.example:1/x?y"], peer: "192.0.2.1", proxies)
        #expect(url.host == "shop.example:1")
        // A client says that it only reads.
        for peer in ["192.0.2.1", "192.0.2.2"] {
            let forged = Self.original(["X-Forwarded-Method": "GET"], peer: peer, proxies, method: .post)
            #expect(!forged.isSafe)
        }
    }

    private static func original(
        _ headers: [String: String], peer: String, _ proxies: TrustedProxies, method: HTTPRequest.Method = .get
    ) -> OriginalRequest {
        let head = HTTPRequest(
            method: method, scheme: "http", authority: "node.example", path: "/auth", headerFields: fields(headers))
        return OriginalRequest(head, method: method, peer: peer, proxies: proxies)
    }

    /// With cookies a page elsewhere could have a browser change something behind the gateway.
    @Test func aPageElsewhereChangesNothingBehindAGateway() async throws {
        var settings = TestNode.settings
        settings.cookies = true
        settings.trustsForwardedFor = true
        settings.allowedOrigins = try #require(AllowedOrigins("https://app.example"))
        let node = try await TestNode(settings: settings)
        let bearers = try node.sibling(TestNode.settings)
        let token = try await bearers.application().test(.router) { try await $0.token() }
        try await node.test { client in
            func ask(_ fields: [String: String], bearer: Bool = false) async throws -> HTTPResponse.Status {
                let credential = bearer ? ["Authorization": "Bearer \(token)"] : ["Cookie": "__Host-access=\(token)"]
                return try await client.execute(
                    uri: "/auth", method: .get, headers: Self.fields(fields.merging(credential) { $1 })
                ).status
            }
            let post = ["X-Forwarded-Method": "POST", "X-Forwarded-Host": "shop.example"]
            let foreign = [["Sec-Fetch-Site": "same-site"], ["Origin": "https://evil.example"], ["Origin": "null"]]
            for page in foreign {
                let change = post.merging(page) { $1 }
                let (byCookie, byToken) = (try await ask(change), try await ask(change, bearer: true))
                #expect(byCookie == .forbidden && byToken == .ok)
                // A link to the application leads on. A WebSocket begins with a GET, too, but names its page.
                let reading = try await ask(page)
                #expect(reading == (page["Origin"] == nil ? .ok : .forbidden))
                let readingByToken = try await ask(page, bearer: true)
                #expect(readingByToken == .ok)
            }
            let own: [[String: String]] = [
                [:], ["Sec-Fetch-Site": "same-origin"], ["Origin": "https://shop.example"],
                ["Sec-Fetch-Site": "cross-site", "Origin": "https://app.example"],
            ]
            for page in own {
                let change = post.merging(page) { $1 }
                let status = try await ask(change)
                #expect(status == .ok)
                let reading = try await ask(page.merging(["X-Forwarded-Host": "shop.example"]) { $1 })
                #expect(reading == .ok)
            }
        }
    }

    /// nginx and HAProxy ask with GET, and say the method in a header. Without `--trusted-proxies` it counts all the
    /// same, and no answer for a page of one origin is kept for another's.
    @Test func aPageElsewhereChangesNothingBehindAGatewayThatIsNotTrusted() async throws {
        var settings = TestNode.settings
        settings.cookies = true
        settings.authCacheLifetime = .seconds(10)
        let node = try await TestNode(settings: settings)
        let bearers = try node.sibling(TestNode.settings)
        let token = try await bearers.application().test(.router) { try await $0.token() }
        try await node.test { client in
            func ask(_ fields: [String: String]) async throws -> TestResponse {
                try await client.execute(uri: "/auth", method: .get, headers: Self.fields(fields))
            }
            let cookie = ["Cookie": "__Host-access=\(token)"]
            for header in ["X-Forwarded-Method", "X-Original-Method"] {
                for page in [["Sec-Fetch-Site": "cross-site"], ["Origin": "https://evil.example"]] {
                    let change = cookie.merging(page) { $1 }.merging([header: "POST"]) { $1 }
                    let status = try await ask(change).status
                    #expect(status == .forbidden)
                }
            }
            let read = try await ask(cookie)
            #expect(read.status == .ok)
            #expect(read.headers[.cacheControl] == "no-store")
            let byToken = try await ask(["Authorization": "Bearer \(token)"])
            #expect(byToken.headers[.cacheControl] == "max-age=10, must-revalidate")
        }
    }
}
