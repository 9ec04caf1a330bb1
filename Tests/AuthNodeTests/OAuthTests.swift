import AuthNode
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@Suite struct OAuthTests {
    let directory = try! TemporaryFolder()

    /// A node, and what its own client and another one authenticate with.
    private func start() async throws -> (node: TestNode, own: HTTPFields, other: HTTPFields) {
        let file = ClientFile(directory.file("clients"))
        let (own, other) = (try file.add("revoked"), try file.add("other"))
        let node = try await TestNode(clients: try file.load())
        return (node, basic("revoked", own), basic("other", other))
    }

    private func basic(_ name: String, _ secret: String) -> HTTPFields {
        [.authorization: "Basic " + Data("\(name):\(secret)".utf8).base64EncodedString()]
    }

    @Test(arguments: [true, false])
    func aClientRevokesItsToken(isRefresh: Bool) async throws {
        let (node, own, _) = try await start()
        try await node.test { client in
            let pair = try await client.pair()
            // Even of an access token that has expired: its session goes on otherwise.
            if !isRefresh { node.clock.wall += 1_000_000 }
            let answer = try await client.post("/oauth2/revoke", "token=\(isRefresh ? pair.refresh : pair.access)", own)
            #expect(answer.status == .ok)
            #expect(try await client.me(pair.access).status == .unauthorized)
            #expect(try await client.refresh(pair.refresh).status == .badRequest)
        }
    }

    /// RFC 7009 §2.1 and §2.2: a token of another client is an error, one that no server accepts is not.
    @Test func anotherClientsAndUnknownTokensAreLeftAlone() async throws {
        let (node, own, other) = try await start()
        try await node.test { client in
            let token = try await client.token()
            let refused = try await client.post("/oauth2/revoke", "token=\(token)", other)
            #expect(refused.status == .badRequest)
            #expect(try refused.json()["error"] as? String == "invalid_grant")
            #expect(refused.text.contains("NOT revoked"))
            #expect(try await client.post("/oauth2/revoke", "token=garbage", own).status == .ok)
            #expect(try await client.me(token).status == .ok)
        }
    }

    /// 200 would say that no server accepts it any more.
    @Test(arguments: ["issuer", "audience"]) func whatOnlyAnotherNodeAcceptsIsAnError(difference: String) async throws {
        let (node, own, _) = try await start()
        var settings = TestNode.settings
        if difference == "issuer" { settings.issuer = "elsewhere" } else { settings.audience = "bank" }
        let token = try await node.sibling(settings).application().test(.router) { try await $0.token() }
        try await node.test { client in
            let answer = try await client.post("/oauth2/revoke", "token=\(token)", own)
            #expect(answer.status == .badRequest)
            #expect(answer.text.contains("NOT revoked"))
        }
    }

    /// A node that mints for less, with an unsynchronised clock.
    @Test func anotherNodesTokenIsRevokedHere() async throws {
        let (node, own, _) = try await start()
        var settings = TestNode.settings
        settings.refreshTokenLifetime = .seconds(3_600)
        let sibling = try node.sibling(
            settings, clients: try ClientFile(directory.file("clients")).load(), offset: -45_000)
        try await node.test { client in
            let pair = try await client.pair()
            try await sibling.application().test(.router) { sibling in
                node.denylist.isAway = true
                let unknown = try await sibling.post("/oauth2/revoke", "token=\(pair.refresh)", own)
                #expect(unknown.status == .serviceUnavailable)
                node.denylist.isAway = false
                #expect(try await sibling.post("/oauth2/revoke", "token=\(pair.refresh)", own).status == .ok)
            }
            #expect(try await client.me(pair.access).status == .unauthorized)
            #expect(try await client.refresh(pair.refresh).status == .badRequest)
        }
    }

    @Test func aRevocationThatIsNotAcknowledgedSaysSo() async throws {
        let (node, own, _) = try await start()
        try await node.test { client in
            let token = try await client.token()
            node.denylist.isAway = true
            let answer = try await client.post("/oauth2/revoke", "token=\(token)", own)
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.headers[.retryAfter] == "1")
            #expect(answer.text.contains("NOT revoked"))
        }
    }

    @Test func introspectionFollowsTheDenylist() async throws {
        let (node, own, other) = try await start()
        try await node.test { client in
            let pair = try await client.pair()
            func introspect(_ body: String) async throws -> TestResponse {
                try await client.post("/oauth2/introspect", body, other)
            }
            let active = try await introspect("token=\(pair.access)").json()
            #expect(active["active"] as? Bool == true)
            #expect(active["sub"] as? String == "alice")
            #expect(active["exp"] as? Int == 1_800_000_901)
            // A refresh token is not an access token.
            #expect(try await introspect("token=\(pair.refresh)").text == #"{"active":false}"#)
            let hinted = try await introspect("token=\(pair.refresh)&token_type_hint=refresh_token").json()
            #expect(hinted["active"] as? Bool == true)
            #expect(hinted["token_type"] as? String == "rt+jwt")
            #expect(try await introspect("token=garbage").text == #"{"active":false}"#)

            node.denylist.isAway = true
            let unknown = try await introspect("token=\(pair.access)")
            #expect(unknown.status == .serviceUnavailable)
            #expect(!unknown.text.contains("active\""))
            node.denylist.isAway = false

            #expect(try await client.post("/oauth2/revoke", "token=\(pair.access)", own).status == .ok)
            #expect(try await introspect("token=\(pair.access)").text == #"{"active":false}"#)
            let used = try await introspect("token=\(pair.refresh)&token_type_hint=refresh_token")
            #expect(used.text == #"{"active":false}"#)
        }
    }

    /// RFC 7662 §2.1: either kind is found, whatever the hint. Another client sees a refresh token only if it asks for
    /// one.
    @Test(arguments: ["", "&token_type_hint=access_token", "&token_type_hint=refresh_token", "&token_type_hint=x"])
    func aHintIsOnlyAHint(hint: String) async throws {
        let (node, own, other) = try await start()
        try await node.test { client in
            let pair = try await client.pair()
            func isActive(_ token: String, _ headers: HTTPFields) async throws -> Bool {
                let answer = try await client.post("/oauth2/introspect", "token=\(token)\(hint)", headers)
                return try answer.json()["active"] as? Bool == true
            }
            #expect(try await isActive(pair.access, own))
            #expect(try await isActive(pair.access, other))
            #expect(try await isActive(pair.refresh, own))
            #expect(try await isActive(pair.refresh, other) == hint.hasSuffix("=refresh_token"))
        }
    }

    @Test(arguments: ["/oauth2/revoke", "/oauth2/introspect"])
    func onlyAClientMayAsk(path: String) async throws {
        let (node, own, _) = try await start()
        try await node.test { client in
            let token = try await client.token()
            let strangers: [HTTPFields] = [
                [:], basic("revoked", "guess"), basic("nobody", "guess"), bearer(token), [.authorization: "Basic %"],
            ]
            for headers in strangers {
                let answer = try await client.post(path, "token=\(token)", headers)
                #expect(answer.status == .unauthorized)
                #expect(try answer.json()["error"] as? String == "invalid_client")
                #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Basic") == true)
            }
            #expect(try await client.me(token).status == .ok)
            #expect(try await client.post(path, "", own).status == .badRequest)
            #expect(try await client.post(path, "token=a&token=b", own).status == .badRequest)
        }
    }

    @Test func theSecretMayStandInTheBody() async throws {
        let file = ClientFile(directory.file("clients"))
        let secret = try file.add("app")
        #expect(try directory.permissions("clients") == 0o600)
        #expect(try !String(contentsOfFile: directory.file("clients"), encoding: .utf8).contains(secret))
        #expect(throws: NodeError.self) { try file.add("app") }
        try await TestNode(clients: try file.load()).test { client in
            let answer = try await client.post(
                "/oauth2/introspect", "token=garbage&client_id=app&client_secret=\(secret)")
            #expect(answer.status == .ok)
        }
    }
}
