import Contract
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing

@testable import RevocationHTTP

/// Issuers whose metadata say where their keys are.
@Suite struct DiscoveryTests {
    private let forge = TokenForge(kid: "one")
    private let seen = Seen()

    private final class Seen: Sendable {
        let port = Mutex(0)
        /// The validators that were sent.
        let conditions = Mutex<[String?]>([])
    }

    /// Runs `body` while an issuer publishes metadata and keys on loopback.
    private func withIssuer(_ body: @Sendable (_ url: String) async throws -> Void) async throws {
        let seen = seen
        let router = Router()
        let document = "{\"keys\":[\(forge.jwk)]}"
        func publish(_ path: RouterPath, issuer: String, keys: String = "/jwks") {
            router.get(path) { _, _ in
                let origin = "http://127.0.0.1:\(seen.port.withLock { $0 })"
                let keys = keys.hasPrefix("/") ? origin + keys : keys
                return "{\"issuer\":\"\(origin)\(issuer)\",\"jwks_uri\":\"\(keys)\",\"extra\":[[]]}"
            }
        }
        publish("oidc/.well-known/openid-configuration", issuer: "/oidc")
        publish("slash/.well-known/openid-configuration", issuer: "/slash/")
        publish(".well-known/oauth-authorization-server/oauth/a", issuer: "/oauth/a")
        publish("elsewhere", issuer: "/oidc")
        publish("other/.well-known/openid-configuration", issuer: "/oidc")
        publish("open/.well-known/openid-configuration", issuer: "/open", keys: "http://login.example/jwks")
        publish("file/.well-known/openid-configuration", issuer: "/file", keys: "file:///etc/jwks.json")
        publish("path/.well-known/openid-configuration", issuer: "/path", keys: "etc/jwks.json")
        publish("moved/.well-known/openid-configuration", issuer: "/moved", keys: "/redirect")
        router.get("redirected/.well-known/openid-configuration") { _, _ in
            Response.redirect(to: "/oidc/.well-known/openid-configuration")
        }
        router.get("redirect") { _, _ in Response.redirect(to: "/jwks") }
        router.get("broken/.well-known/openid-configuration") { _, _ in "{\"issuer\":" }
        router.get("without/.well-known/openid-configuration") { _, _ in "{\"issuer\":\"x\"}" }
        router.get("jwks") { request, _ in
            let condition = request.headers[.ifNoneMatch]
            seen.conditions.withLock { $0.append(condition) }
            let headers: HTTPFields = [.eTag: "\"1\"", .cacheControl: "max-age=60", .age: "20"]
            guard condition == nil else { return Response(status: .notModified, headers: headers) }
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: document)))
        }
        let application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        try await application.test(.live) { client in
            let number = try #require(client.port)
            seen.port.withLock { $0 = number }
            try await body("http://127.0.0.1:\(number)")
        }
    }

    /// OpenID Connect Discovery 1.0 §4, or RFC 8414 §3.1 for an issuer that does not publish the former.
    @Test(arguments: ["/oidc", "/slash/", "/oauth/a"]) func keysAreWhereMetadataSay(path: String) async throws {
        try await withIssuer { url in
            let keys = KeySetCache(try KeySetLocation(discovering: url + path))
            let verifier = TokenVerifier(
                keys: keys, issuer: "us", audience: "shop", clock: WallClock { TokenForge.now })
            #expect(try await verifier.verify(try forge.token()).subject == "alice")
        }
    }

    @Test func metadataMayBeElsewhere() async throws {
        try await withIssuer { url in
            let location = try KeySetLocation(discovering: url + "/oidc", metadata: url + "/elsewhere")
            #expect(try await location.read().document != nil)
            let other = try KeySetLocation(discovering: url + "/oidc/", metadata: url + "/elsewhere")
            await #expect(throws: VerificationKeysError.self) { try await other.read() }
        }
    }

    @Test func aReadingSaysHowLongItIsGoodFor() async throws {
        try await withIssuer { url in
            let location = try KeySetLocation(discovering: url + "/oidc")
            let first = try await location.read()
            #expect(first.freshness == .seconds(40))
            #expect(first.validator == .init(url: url + "/jwks", tag: "\"1\""))
            let second = try await location.read(unless: first.validator)
            #expect(second.document == nil && second.validator == first.validator)
            // A validator is for the document of its URL only.
            let third = try await location.read(unless: .init(url: url + "/elsewhere", tag: "\"1\""))
            #expect(third.document != nil)
            #expect(seen.conditions.withLock { $0 } == [nil, "\"1\"", nil])
        }
    }

    @Test(arguments: [
        ("/other", "another issuer"), ("/open", "no https:// URL"), ("/file", "no https:// URL"),
        ("/path", "no https:// URL"), ("/moved", "303"), ("/redirected", "303"), ("/broken", "no issuer"),
        ("/without", "no issuer"), ("/nothing", "404"),
    ])
    func whateverElseMetadataSayIsRefused(path: String, complaint: String) async throws {
        try await withIssuer { url in
            let location = try KeySetLocation(discovering: url + path)
            let refusal = await #expect(throws: VerificationKeysError.self) { try await location.read() }
            #expect(refusal?.message.contains(complaint) == true, "\(String(describing: refusal?.message))")
            #expect(seen.conditions.withLock { $0 }.isEmpty)
        }
    }

    @Test(arguments: [
        "http://login.example", "login.example", "", "https://login.example?x=1", "https://login.example#a",
        "file:///etc", "https://",
    ])
    func onlyAnHTTPSIssuerIsDiscovered(issuer: String) {
        #expect(throws: VerificationKeysError.self) { try KeySetLocation(discovering: issuer) }
    }
}
