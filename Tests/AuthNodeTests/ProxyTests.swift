import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import TLS
import TestSupport
import Testing

@testable import AuthNode

/// The documented configurations, behind real proxies from Debian, in front of a real application.
@Suite(.serialized) struct ProxyTests {
    typealias Proxy = TestProxy.Kind
    typealias Ask = TestProxy.Ask

    @Test(arguments: Proxy.allCases)
    func aTokenPassesUntilItIsRevokedAndWhileTheStoreIsThere(proxy: Proxy) async throws {
        let node = try await TestNode()
        try await behind(proxy, node) { client, ask in
            let token = try await client.token()
            let passed = try await ask(["Authorization": "Bearer \(token)"])
            #expect(passed.status == 200)
            #expect(passed.body.contains("subject=alice;"))
            let bare = try await ask([:])
            #expect(bare.status == 401)
            #expect(bare.challenge?.hasPrefix("Bearer ") == true)
            let malformed = try await ask(["Authorization": "Bearer a b"])
            #expect(malformed.status == 401)
            #expect(malformed.challenge?.contains("invalid_token") == true)

            // Whatever a client says of itself does not reach the application.
            let liar = try await ask([
                "Authorization": "Bearer \(token)", "X-Auth-Subject": "root", "X-Auth-Client": "root",
                "X-Auth-Session": "root", "X-Auth-Issuer": "root",
            ])
            #expect(liar.status == 200)
            #expect(liar.body.contains("subject=alice;") && !liar.body.contains("root"))
            // Some applications read both forms of a header alike.
            for name in ["X_Auth_Subject", "x-auth_subject", "X_Auth-Client"] {
                let other = try await ask(["Authorization": "Bearer \(token)", name: "root"])
                #expect(other.status == 403 || other.status == 200 && !other.body.contains("root"))
            }

            node.denylist.isAway = true
            let away = try await ask(["Authorization": "Bearer \(token)"])
            #expect(away.status == proxy.statusInOutage)
            #expect(away.retryAfter == (proxy.introspects ? nil : "1"))
            node.denylist.isAway = false
            #expect(try await ask(["Authorization": "Bearer \(token)"]).status == 200)

            #expect(try await client.logout(token).status == .ok)
            let revoked = try await ask(["Authorization": "Bearer \(token)"])
            #expect(revoked.status == 401)
            #expect(revoked.challenge?.contains("invalid_token") == true)
        }
    }

    @Test(arguments: Proxy.allCases)
    func anErrorOfTheApplicationStaysOne(proxy: Proxy) async throws {
        try await behind(proxy, try await TestNode()) { client, ask in
            let token = try await client.token()
            let answer = try await ask(["Authorization": "Bearer \(token)", "Fail": "yes"])
            #expect(answer.status == 500)
            #expect(answer.body.contains("the application's own"))
        }
    }

    @Test(arguments: Proxy.allCases)
    func withoutANodeNothingPasses(proxy: Proxy) async throws {
        let answer = try await application().test(.live) { application in
            let upstreams = TestProxy.Upstreams(node: try freePort(), application: try #require(application.port))
            return try await TestProxy.running(proxy, upstreams) { ask in
                try await ask(["Authorization": "Bearer token"])
            }
        }
        #expect(answer.status == proxy.statusInOutage)
        #expect(answer.retryAfter == (proxy.introspects ? nil : "1"))
    }

    /// Says what reached it.
    private func application() -> some ApplicationProtocol {
        let router = Router()
        router.get("/**") { request, _ in
            if request.headers[HTTPField.Name("Fail")!] != nil {
                return Response(
                    status: .internalServerError, body: .init(byteBuffer: .init(string: "the application's own")))
            }
            let values = ["Subject", "Client", "Session", "Issuer"].map { name in
                "\(name.lowercased())=\(request.headers[HTTPField.Name("X-Auth-\(name)")!] ?? "");"
            }
            let others = request.headers.filter { $0.name.canonicalName.contains("_") }.map {
                "\($0.name)=\($0.value);"
            }
            return Response(status: .ok, body: .init(byteBuffer: .init(string: (values + others).joined())))
        }
        return Application(router: router)
    }

    private func behind(
        _ proxy: Proxy, _ node: TestNode, _ body: @escaping @Sendable (any TestClientProtocol, Ask) async throws -> Void
    ) async throws {
        let directory = try TemporaryFolder()
        let file = ClientFile(directory.file("clients"))
        let secret = try file.add("gateway")
        let certificates = proxy.introspects ? try TestCertificates() : nil
        let tls = try certificates.map { (certificates) throws in
            var settings = ServerTLSConfiguration(clientCertificates: .no)
            settings.certificate = certificates.file("server.pem")
            settings.key = certificates.file("server.key")
            return try ServerTLS(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        let asked = try node.sibling(TestNode.settings, clients: try file.load(), tls: tls)
        try await node.test(.live) { client in
            try await asked.application().test(.live) { asked in
                try await application().test(.live) { application in
                    let upstreams = TestProxy.Upstreams(
                        node: try #require(asked.port), application: try #require(application.port), secret: secret)
                    try await TestProxy.running(proxy, upstreams) { ask in try await body(client, ask) }
                }
            }
        }
    }
}
