import AuthNode
import Contract
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import RevocationHTTP
import Settings
import TestSupport
import Testing

@Suite struct NodeTests {
    @Test func theKeySetVerifiesTheTokens() async throws {
        let keys = [SigningKey(generating: .es256), SigningKey(generating: .eddsa)]
        let node = try await TestNode(keys: keys)
        try await node.test { client in
            let answer = try await client.execute(uri: "/.well-known/jwks.json", method: .get)
            #expect(answer.status == .ok)
            #expect(!answer.text.contains(#""d""#))
            let verifier = TokenVerifier(
                keys: try await VerificationKeys(jwks: Data(answer.body.readableBytesView)), issuer: "revoked",
                audience: "revoked", clock: WallClock { TestNode.start })
            let token = try await client.token()
            #expect(try await verifier.verify(token).subject == "alice")
        }
    }

    /// So that a check costs no change of thread: the connections to the store live there, too.
    @Test func requestsAreHandledOnTheEventLoopThatReadsThem() async throws {
        let node = try await TestNode()
        try await node.test(.live) { client in
            let token = try await client.token()
            for _ in 0..<5 { #expect(try await client.me(token).status == .ok) }
        }
        #expect(node.denylist.lookups == 5)
        #expect(node.denylist.lookupsOnEventLoops == 5)
    }

    /// The first key signs, all verify: what makes keys exchangeable without a pause.
    @Test func aTokenOfALaterKeyIsAccepted() async throws {
        let old = SigningKey(generating: .es256)
        let new = SigningKey(generating: .eddsa)
        let token = try await TestNode(keys: [old]).test { try await $0.token() }
        let status = try await TestNode(keys: [new, old]).test { try await $0.me(token).status }
        #expect(status == .ok)
    }

    @Test func aTokenIsRefusedFromItsExpiryOn() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let token = try await client.token()
            node.clock.wall = 1_800_000_900_999
            #expect(try await client.me(token).status == .ok)
            node.clock.wall = 1_800_000_901_000
            #expect(try await client.me(token).status == .unauthorized)
        }
    }

    @Test func healthIsTheProcessAndReadinessTheStore() async throws {
        let node = try await TestNode()
        try await node.test { client in
            #expect(try await client.execute(uri: "/healthz", method: .get).status == .ok)
            let ready = try await client.execute(uri: "/readyz", method: .get)
            #expect(ready.status == .ok)
            #expect(try ready.json()["warnings"] as? [String] == ["not a real store"])
            node.denylist.isAway = true
            #expect(try await client.execute(uri: "/healthz", method: .get).status == .ok)
            let answer = try await client.execute(uri: "/readyz", method: .get)
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.text.contains("no connection to the store"))
        }
    }

    @Test(arguments: [(31_000, "31 s ahead of"), (-86_400_000, "86400 s behind")] as [(Int64, String)])
    func aNodeWhoseClockIsWrongIsNotReady(skew: Int64, text: String) async throws {
        let node = try await TestNode()
        node.denylist.skew = skew
        try await node.test { client in
            let answer = try await client.execute(uri: "/readyz", method: .get)
            #expect(answer.status == .serviceUnavailable)
            #expect(try answer.json()["cause"] as? String == "clockSkewed")
            #expect(answer.text.contains(text))
        }
    }

    @Test func whileTheStoreIsAwayEveryTokenIsDeniedWith503() async throws {
        let node = try await TestNode()
        try await node.test { client in
            let token = try await client.token()
            node.denylist.isAway = true
            let answer = try await client.me(token)
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.headers[.retryAfter] == "1")
            #expect(answer.text.contains("no connection to the store"))
        }
    }

    /// Over a real connection, where the body is refused before all of it has been sent.
    @Test(arguments: ["/login", "/logout", "/me"])
    func anOversizedBodyIsRefused(path: String) async throws {
        try await TestNode().test(.live) { client in
            let body = ByteBuffer(repeating: UInt8(ascii: " "), count: (16 << 10) + 1)
            let answer = try await client.execute(uri: path, method: path == "/me" ? .get : .post, body: body)
            #expect(answer.status == .contentTooLarge)
            #expect(try await client.execute(uri: "/healthz", method: .get).status == .ok)
        }
    }

    @Test func anOversizedTokenIsRefusedAndSoAreOversizedHeaders() async throws {
        try await TestNode().test(.live) { client in
            let token = try await client.me(String(repeating: "a", count: 8193))
            #expect(token.status == .unauthorized)
            let header = try await client.me(String(repeating: "a", count: 40_000))
            #expect(header.status == .badRequest)
        }
    }

    @Test(
        arguments: [
            ("/login", .get, "POST, OPTIONS"), ("/logout", .head, "POST, OPTIONS"),
            ("/me", .post, "GET, HEAD, OPTIONS"),
            ("/oauth2/revoke/", .put, "POST, OPTIONS"), ("//readyz", .delete, "GET, HEAD, OPTIONS"),
        ] as [(String, HTTPRequest.Method, String)])
    func aMethodThatAPathDoesNotHaveIsSaidToBeSo(path: String, method: HTTPRequest.Method, allow: String) async throws {
        try await TestNode().test { client in
            let answer = try await client.execute(uri: path, method: method)
            #expect(answer.status == .methodNotAllowed)
            #expect(answer.headers[.allow] == allow)
            #expect(answer.text.isEmpty == (method == .head))
            let options = try await client.execute(uri: path, method: .options)
            #expect(options.status == .noContent)
            #expect(options.headers[.allow] == allow)
        }
    }

    @Test func anUnknownPathIsNotFoundByAnyMethod() async throws {
        try await TestNode().test { client in
            for method in [.get, .head, .post, .options, HTTPRequest.Method("PROPFIND")!] {
                for path in ["/", "/nowhere", "/me/x", "/authx", "/admin/revoke"] {
                    let answer = try await client.execute(uri: path, method: method)
                    #expect(answer.status == .notFound)
                }
            }
        }
    }

    /// Balancers and monitors ask so. Over a real connection, on which an answer with a body would disturb the next.
    @Test func headIsAnsweredAsGetWithoutABody() async throws {
        let node = try await TestNode()
        try await node.test(.live) { client in
            let token = try await client.token()
            for path in ["/healthz", "/readyz", "/.well-known/jwks.json", "/me", "/auth"] {
                for headers in [[:], bearer(token)] as [HTTPFields] {
                    let get = try await client.execute(uri: path, method: .get, headers: headers)
                    let head = try await client.execute(uri: path, method: .head, headers: headers)
                    #expect(head.status == get.status)
                    #expect(head.text.isEmpty)
                    #expect(head.headers[.contentType] == get.headers[.contentType])
                }
            }
        }
    }

    /// Envoy, Istio and others ask with the caller's method and append the caller's path.
    @Test func aProxyMayAskByAnyMethodAtAnyPathBelow() async throws {
        try await TestNode().test { client in
            let token = try await client.token()
            let body = ByteBuffer(repeating: UInt8(ascii: " "), count: (16 << 10) + 1)
            for method in [.get, .head, .post, .put, .delete, .options, .patch, HTTPRequest.Method("PROPFIND")!] {
                for path in ["/auth", "/auth/", "/auth/orders/1?x=1", "/auth/../admin/revoke", "//auth//login"] {
                    #expect(try await client.execute(uri: path, method: method).status == .unauthorized)
                    let answer = try await client.execute(
                        uri: path, method: method, headers: bearer(token), body: body)
                    #expect(answer.status == .ok)
                    #expect(HTTPField.Name("X-Auth-Subject").map { answer.headers[values: $0] } == ["alice"])
                }
            }
        }
    }

    @Test func nodesNeedAKeyAndSaneSettings() async throws {
        await #expect(throws: NodeError.self) { try await TestNode(keys: []) }
        var settings = TestNode.settings
        settings.leeway = .seconds(61)
        let refused = settings
        await #expect(throws: SettingError.self) { try await TestNode(settings: refused) }
    }
}
