import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import AuthNode

/// Clients that can keep no secret (RFC 6749 §2.1), and what an attacker makes of it (RFC 9700 §4).
@Suite struct PublicClientTests {
    let directory = try! TemporaryFolder()

    /// A node whose own client is public, with another public one and one with a secret.
    private func start() async throws -> (node: TestNode, secret: String) {
        let file = ClientFile(directory.file("clients"))
        try file.addPublic("app")
        let secret = try file.add("server")
        return (try await TestNode(clients: try file.load()), secret)
    }

    private func basic(_ name: String, _ secret: String) -> HTTPFields {
        [.authorization: "Basic " + Data("\(name):\(secret)".utf8).base64EncodedString()]
    }

    @Test(arguments: [true, false]) func aPublicClientRevokesItsOwnToken(isRefresh: Bool) async throws {
        try await start().node.test { client in
            let pair = try await client.pair()
            let body = "client_id=revoked&token=\(isRefresh ? pair.refresh : pair.access)"
            #expect(try await client.post("/oauth2/revoke", body).status == .ok)
            #expect(try await client.me(pair.access).status == .unauthorized)
            #expect(try await client.refresh(pair.refresh).status == .badRequest)
            // RFC 7009 §2.2: again, and what no server accepts.
            #expect(try await client.post("/oauth2/revoke", body).status == .ok)
            #expect(try await client.post("/oauth2/revoke", "client_id=revoked&token=x.y.z").status == .ok)
        }
    }

    /// Neither a name that somebody made up, nor that of a client with a secret, nor a public one with another's token.
    @Test func noOtherClientMay() async throws {
        let (node, secret) = try await start()
        try await node.test { client in
            let token = try await client.token()
            for name in ["nobody", "server", "", "app%00"] {
                let answer = try await client.post("/oauth2/revoke", "client_id=\(name)&token=\(token)")
                #expect(answer.status == .unauthorized)
                #expect(try answer.json()["error"] as? String == "invalid_client")
            }
            for headers in [basic("revoked", "guess"), basic("app", secret), basic("server", "")] {
                #expect(try await client.post("/oauth2/revoke", "token=\(token)", headers).status == .unauthorized)
            }
            let other = try await client.post("/oauth2/revoke", "client_id=app&token=\(token)")
            #expect(other.status == .badRequest)
            #expect(try other.json()["error"] as? String == "invalid_grant")
            #expect(try await client.me(token).status == .ok)
            // An empty secret is none (RFC 6749 §2.3.1).
            #expect(try await client.post("/oauth2/revoke", "token=\(token)", basic("revoked", "")).status == .ok)
            #expect(try await client.me(token).status == .unauthorized)
        }
    }

    /// Introspection would tell whose token a stranger has found, and is a server's.
    @Test func aPublicClientDoesNotIntrospect() async throws {
        let (node, secret) = try await start()
        try await node.test { client in
            let token = try await client.token()
            for body in ["client_id=revoked&token=\(token)", "client_id=app&client_secret=&token=\(token)"] {
                #expect(try await client.post("/oauth2/introspect", body).status == .unauthorized)
            }
            let answer = try await client.post("/oauth2/introspect", "token=\(token)", basic("server", secret))
            #expect(try answer.json()["active"] as? Bool == true)
        }
    }

    @Test func aSecretStaysASecret() async throws {
        let file = ClientFile(directory.file("own"))
        let secret = try file.add("revoked")
        try await TestNode(clients: try file.load()).test { client in
            let pair = try await client.pair()
            #expect(
                try await client.post("/oauth2/revoke", "client_id=revoked&token=\(pair.access)").status
                    == .unauthorized)
            let body = "grant_type=refresh_token&refresh_token=\(pair.refresh)"
            #expect(try await client.post("/oauth2/token", "client_id=revoked&\(body)").status == .unauthorized)
            #expect(try await client.post("/oauth2/token", body, basic("revoked", secret)).status == .ok)
        }
    }

    @Test func aRefreshTokenIsExchangedAsLibrariesAsk() async throws {
        try await start().node.test { client in
            let pair = try await client.pair()
            let answer = try await client.post(
                "/oauth2/token",
                "grant_type=refresh_token&client_id=revoked&refresh_token=\(pair.refresh)&scope=openid",
                [.contentType: "application/x-www-form-urlencoded"])
            #expect(answer.status == .ok)
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(try answer.json()["token_type"] as? String == "Bearer")
            #expect(try answer.json()["expires_in"] as? Int == 900)
            let next = try answer.pair()
            #expect(try await client.me(next.access).status == .ok)
            #expect(next.refresh != pair.refresh)
        }
    }

    /// RFC 9700 §4.14: a stolen refresh token is of no use to another client, and its second use ends the session.
    @Test func aStolenRefreshToken() async throws {
        var settings = TestNode.settings
        settings.rotationGrace = .zero
        let file = ClientFile(directory.file("clients"))
        try file.addPublic("app")
        try await TestNode(settings: settings, clients: try file.load()).test { client in
            let pair = try await client.pair()
            func exchange(_ name: String) async throws -> TestResponse {
                try await client.post(
                    "/oauth2/token", "grant_type=refresh_token&client_id=\(name)&refresh_token=\(pair.refresh)")
            }
            let other = try await exchange("app")
            #expect(other.status == .badRequest)
            #expect(try other.json()["error"] as? String == "invalid_grant")
            // That has not used it up.
            let next = try await exchange("revoked").pair()
            #expect(try await client.me(next.access).status == .ok)
            #expect(try await exchange("revoked").status == .badRequest)
            #expect(try await client.me(next.access).status == .unauthorized)
        }
    }

    @Test(arguments: [
        ("grant_type=password&client_id=revoked&username=alice&password=correct+horse", "unsupported_grant_type"),
        ("grant_type=authorization_code&client_id=revoked&code=x", "unsupported_grant_type"),
        ("grant_type=client_credentials&client_id=revoked", "unsupported_grant_type"),
        ("client_id=revoked&refresh_token=x", "invalid_request"),
        ("grant_type=refresh_token&client_id=revoked", "invalid_request"),
        ("grant_type=refresh_token&client_id=revoked&refresh_token=x.y.z", "invalid_grant"),
        ("grant_type=refresh_token&grant_type=refresh_token&client_id=revoked", "invalid_request"),
    ])
    func otherRequestsForTokensAreRefused(body: String, error: String) async throws {
        try await start().node.test { client in
            let answer = try await client.post("/oauth2/token", body)
            #expect(answer.status == .badRequest)
            #expect(try answer.json()["error"] as? String == error)
        }
    }

    /// An access token is no refresh token, and a page's cookies are not asked for.
    @Test func onlyTheBodyHoldsTheRefreshToken() async throws {
        var settings = TestNode.settings
        settings.cookies = true
        try await TestNode(settings: settings).test { client in
            let login = try await client.login(#"{"username":"alice","password":"correct horse"}"#)
            let cookies = login.headers[values: .setCookie].map { String($0.prefix { $0 != ";" }) }
            let headers: HTTPFields = [.cookie: cookies.joined(separator: "; ")]
            let body = "grant_type=refresh_token&client_id=revoked"
            #expect(try await client.post("/oauth2/token", body, headers).status == .badRequest)
            let access = try #require(cookies.first { $0.hasPrefix("__Host-access=") }?.dropFirst(14))
            let answer = try await client.post("/oauth2/token", "\(body)&refresh_token=\(access)", headers)
            #expect(answer.status == .badRequest)
            #expect(!answer.text.contains("access_token"))
        }
    }

    @Test(arguments: [
        #"{"identifier":"a"}"#, #"{"identifier":"a","public":false}"#, #"{"identifier":"a","digest":"AA=="}"#,
        #"{"identifier":"a","public":true,"digest":"AA=="}"#, #"{"identifier":"a","public":"yes"}"#,
    ])
    func aClientIsPublicOnlyIfTheFileSaysSo(line: String) throws {
        let path = directory.file("clients")
        try Data(line.utf8).write(to: URL(filePath: path))
        #expect(throws: NodeError.self) { try ClientFile(path).load() }
    }

    @Test func librariesFindTheEndpoints() async throws {
        var settings = TestNode.settings
        settings.issuer = "https://login.example"
        try await TestNode(settings: settings).test { client in
            let answer = try await client.execute(uri: "/.well-known/oauth-authorization-server", method: .get)
            #expect(answer.status == .ok)
            let metadata = try answer.json()
            #expect(metadata["issuer"] as? String == "https://login.example")
            #expect(metadata["token_endpoint"] as? String == "https://login.example/oauth2/token")
            #expect(metadata["revocation_endpoint"] as? String == "https://login.example/oauth2/revoke")
            #expect(metadata["introspection_endpoint"] as? String == "https://login.example/oauth2/introspect")
            #expect(metadata["jwks_uri"] as? String == "https://login.example/.well-known/jwks.json")
            #expect(metadata["grant_types_supported"] as? [String] == ["refresh_token"])
            #expect(metadata["response_types_supported"] as? [String] == [])
            #expect((metadata["introspection_endpoint_auth_methods_supported"] as? [String])?.contains("none") == false)
        }
        // An issuer that is no URL has no place for them.
        try await TestNode().test { client in
            let answer = try await client.execute(uri: "/.well-known/oauth-authorization-server", method: .get)
            #expect(answer.status == .notFound)
        }
    }

    @Test(arguments: [
        ("https://a.example/", "/.well-known/oauth-authorization-server"),
        ("https://a.example/t/1", "/.well-known/oauth-authorization-server/t/1"),
        ("http://localhost:8080", "/.well-known/oauth-authorization-server"), ("http://a.example", nil),
        ("revoked", nil), ("https://a.example?x", nil), ("https://a.example#x", nil), ("https://u@a.example", nil),
        ("ftp://a.example", nil), ("https://", nil),
    ])
    func whereTheMetadataStands(issuer: String, path: String?) {
        #expect(AuthorizationServerMetadata(issuer: issuer)?.path == path)
    }
}
