import AsyncHTTPClient
import AuthNode
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

/// The documented configurations, behind real proxies from Debian, in front of a real application.
@Suite(.serialized) struct ProxyTests {
    enum Proxy: String, CaseIterable {
        case nginx = "/usr/sbin/nginx"
        case caddy = "/usr/bin/caddy"
    }

    @Test(arguments: Proxy.allCases)
    func aTokenPassesUntilItIsRevokedAndWhileTheStoreIsThere(proxy: Proxy) async throws {
        let node = try await TestNode()
        try await behind(proxy, node) { client, ask in
            let token = try await client.token()
            let passed = try await ask(["Authorization": "Bearer \(token)"])
            #expect(passed.status == 200)
            #expect(passed.body.contains("subject=alice;"))
            #expect(try await ask([:]).status == 401)
            #expect(try await ask(["Authorization": "Bearer a b"]).status == 401)

            // Whatever a client says of itself does not reach the application.
            let liar = try await ask([
                "Authorization": "Bearer \(token)", "X-Auth-Subject": "root", "X-Auth-Client": "root",
                "X-Auth-Session": "root", "X-Auth-Issuer": "root",
            ])
            #expect(liar.status == 200)
            #expect(liar.body.contains("subject=alice;") && !liar.body.contains("root"))

            node.denylist.isAway = true
            let away = try await ask(["Authorization": "Bearer \(token)"])
            #expect(away.status == 503)
            #expect(away.retryAfter == "1")
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
            let nowhere = try freePort()
            return try await running(proxy, node: nowhere, application: try #require(application.port)) { ask in
                try await ask(["Authorization": "Bearer token"])
            }
        }
        #expect(answer.status == 503)
        #expect(answer.retryAfter == "1")
    }

    struct Answer: Sendable {
        let status: Int
        let body: String
        let retryAfter: String?
        let challenge: String?
    }

    typealias Ask = @Sendable ([String: String]) async throws -> Answer

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
            return Response(status: .ok, body: .init(byteBuffer: .init(string: values.joined())))
        }
        return Application(router: router)
    }

    private func behind(
        _ proxy: Proxy, _ node: TestNode, _ body: @escaping @Sendable (any TestClientProtocol, Ask) async throws -> Void
    ) async throws {
        try await node.test(.live) { client in
            try await application().test(.live) { application in
                try await running(
                    proxy, node: try #require(client.port), application: try #require(application.port)
                ) { ask in try await body(client, ask) }
            }
        }
    }

    /// Runs a proxy with its documented configuration, but for the ports.
    private func running<Value>(
        _ proxy: Proxy, node: Int, application: Int, _ body: (@escaping Ask) async throws -> Value
    ) async throws -> Value {
        try #require(
            FileManager.default.isExecutableFile(atPath: proxy.rawValue),
            "install the proxies: apt-get install nginx caddy")
        let directory = try TemporaryFolder()
        let port = try freePort()
        let process = try start(proxy, in: directory, ports: ["8000": port, "8080": node, "9000": application])
        defer { kill(process.processIdentifier, SIGKILL) }
        let ask: Ask = { headers in try await Self.ask(port, headers) }
        let end = ContinuousClock.now + .seconds(20)
        while (try? await ask([:])) == nil {
            try #require(process.isRunning && ContinuousClock.now < end, "the proxy does not answer")
            try await Task.sleep(for: .milliseconds(20))
        }
        return try await body(ask)
    }

    private func start(_ proxy: Proxy, in directory: TemporaryFolder, ports: [String: Int]) throws -> Process {
        let name = proxy == .nginx ? "nginx.conf" : "Caddyfile"
        var text = try String(contentsOfFile: "\(Self.root)/docker/forward-auth/\(name)", encoding: .utf8)
        for (documented, port) in ports {
            try #require(text.contains("127.0.0.1:\(documented)"))
            text = text.replacing("127.0.0.1:\(documented)", with: "127.0.0.1:\(port)")
        }
        let process = Process()
        process.executableURL = URL(filePath: proxy.rawValue)
        switch proxy {
        case .nginx:
            let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
                "\($0)_temp_path \(directory.path)/\($0);"
            }
            text = """
                daemon off; master_process off; pid \(directory.path)/pid; error_log \(directory.path)/error.log;
                events {}
                http { access_log off; \(paths.joined(separator: " "))
                \(text)
                }
                """
            process.arguments = ["-e", directory.file("error.log"), "-p", directory.path, "-c", directory.file(name)]
        case .caddy:
            text = "{\n\tadmin off\n\tauto_https off\n}\n" + text
            process.arguments = ["run", "--adapter", "caddyfile", "--config", directory.file(name)]
            process.environment = ["HOME": directory.path]
        }
        try Data(text.utf8).write(to: URL(filePath: directory.file(name)))
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private static func ask(_ port: Int, _ headers: [String: String]) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/orders")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        return Answer(
            status: Int(response.status.code), body: String(buffer: try await response.body.collect(upTo: 1 << 16)),
            retryAfter: response.headers.first(name: "Retry-After"),
            challenge: response.headers.first(name: "WWW-Authenticate"))
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
}
