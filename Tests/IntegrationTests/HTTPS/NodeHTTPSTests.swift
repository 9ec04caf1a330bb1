import AsyncHTTPClient
import Foundation
import NIOCore
import NIOSSL
import TestSupport
import Testing

/// A node that serves HTTPS, asked by curl.
@Suite(.serialized) struct NodeHTTPSTests {
    private static let credentials = #"{"username":"alice","password":"correct horse"}"#

    private let certificates = try! TestCertificates()
    private let daemon: DaemonProcess
    private let node: TestNodeProcess
    private var url: String { "https://127.0.0.1:\(node.port)" }
    private var trust: [String] { ["--cacert", certificates.file("ca.pem")] }

    init() throws {
        daemon = try DaemonProcess()
        node = try TestNodeProcess(
            backend: daemon.port,
            ["--tls-cert-file", certificates.file("server.pem"), "--tls-key-file", certificates.file("server.key")],
            descriptors: 256)
    }

    @Test func theWholeStoryOverTLS() throws {
        #expect(try node.process.waitForLine(containing: "listening on http").hasPrefix("listening on https://"))
        let (_, answer) = try Curl.run(trust + ["-d", Self.credentials, "\(url)/login"])
        let token =
            try #require(
                try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any])["access_token"] as? String
        let bearer = ["-H", "Authorization: Bearer \(try #require(token))", "-o", "/dev/null", "-w", "%{http_code}"]
        #expect(try Curl.run(trust + bearer + ["\(url)/me"]).output == "200")
        #expect(try Curl.run(trust + bearer + ["-X", "POST", "\(url)/logout"]).output == "200")
        #expect(try Curl.run(trust + bearer + ["\(url)/me"]).output == "401")
    }

    @Test(arguments: [["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"]]) func bothVersionsAreSpoken(version: [String])
        throws
    {
        let (status, output) = try Curl.run(trust + version + ["\(url)/healthz"])
        #expect(status == 0 && output.contains("alive"), "\(output)")
    }

    /// curl's exit status says why.
    @Test func whoeverDoesNotTrustItGetsNothing() throws {
        #expect(try Curl.run(["\(url)/healthz"]).status == 60)
        #expect(try Curl.run(["--cacert", certificates.file("other-ca.pem"), "\(url)/healthz"]).status == 60)
        let other = ["--connect-to", "other.example:443:127.0.0.1:\(node.port)", "https://other.example/healthz"]
        #expect(try Curl.run(trust + other).status == 60)
        #expect(try Curl.run(trust + ["--tls-max", "1.1", "\(url)/healthz"]).status == 35)
    }

    /// As the daemon's settings of the same names.
    @Test func clientsMayHaveToShowACertificate() throws {
        let strict = try TestNodeProcess(
            backend: daemon.port,
            [
                "--tls-cert-file", certificates.file("server.pem"), "--tls-key-file", certificates.file("server.key"),
                "--tls-ca-cert-file", certificates.file("ca.pem"), "--tls-auth-clients", "yes", "--tls-protocols",
                "TLSv1.3",
            ])
        try certificates.sign("stranger", names: "DNS:client", by: "other-ca")
        let url = "https://127.0.0.1:\(strict.port)/healthz"
        func own(_ name: String) -> [String] {
            ["--cert", certificates.file("\(name).pem"), "--key", certificates.file("\(name).key"), url]
        }
        #expect(try Curl.run(trust + own("client")).output.contains("alive"))
        #expect(try Curl.run(trust + [url]).status != 0)
        #expect(try Curl.run(trust + own("stranger")).status != 0)
        #expect(try Curl.run(trust + ["--tls-max", "1.2"] + own("client")).status == 35)
    }

    /// Plain text, garbage, and what begins like a handshake: the connection is closed, and others are served.
    @Test func whatIsNoTLSIsClosed() throws {
        for bytes in [
            Bytes("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".utf8), Bytes(repeating: 0xFF, count: 4096),
            [0x16, 3, 1, 0, 1, 9],
        ] {
            let socket = try TestSocket(.port(node.port))
            try socket.send(bytes)
            let answer = (try? socket.readToEnd()) ?? []
            #expect(!String(decoding: answer, as: UTF8.self).contains("HTTP/"))
        }
        #expect(try Curl.run(trust + ["\(url)/healthz"]).status == 0)
    }

    /// There are fewer places than such connections: those that have waited the longest are closed.
    @Test func handshakesThatStallKeepNobodyOut() throws {
        let stalled = try (0..<300).map { number in
            let socket = try TestSocket(.port(node.port))
            if number % 2 == 0 { try? socket.send([0x16, 3, 1, 2, 0, 1]) }
            return socket
        }
        for _ in 0..<5 { #expect(try Curl.run(trust + ["\(url)/healthz"]).status == 0) }
        for socket in stalled { socket.close() }
    }

    /// A handshake that stands still, or comes a byte at a time, ends after 10 s.
    @Test func aHandshakeHasATime() throws {
        let (silent, dripping) = (try TestSocket(.port(node.port)), try TestSocket(.port(node.port)))
        let beginning = Date()
        try dripping.send([0x16, 3, 1, 2, 0, 1])
        #expect(((try? silent.readToEnd()) ?? []).isEmpty)
        _ = try? dripping.readToEnd()
        #expect(Date().timeIntervalSince(beginning) < 20)
    }

    // MARK: Reload

    private func withClient(_ body: (HTTPClient) async throws -> Void) async throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(certificates.file("ca.pem"))
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(configuration: configuration)
        do { try await body(client) } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    /// The whole answer: before that its connection serves no other request.
    private func health(_ client: HTTPClient) async throws -> String {
        let answer = try await client.execute(HTTPClientRequest(url: "\(url)/healthz"), timeout: .seconds(10))
        return String(buffer: try await answer.body.collect(upTo: 1 << 16))
    }

    private func readiness() throws -> String {
        try Curl.run(["--cacert", certificates.file("other-ca.pem"), "\(url)/readyz"]).output
    }

    /// The new certificate is another authority's: who trusts the first one alone has only its old connection.
    @Test func aNewCertificateIsForNewConnections() async throws {
        try await withClient { old in
            #expect(try await health(old).contains("alive"))
            try certificates.sign("server", names: "IP:127.0.0.1", by: "other-ca")
            node.process.terminate(SIGHUP)
            _ = try node.process.waitForLine(containing: "reloaded the TLS certificate")
            let answer = try await health(old)
            #expect(answer.contains("alive"))
            try await withClient { new in
                await #expect(throws: (any Error).self) { try await health(new) }
            }
            #expect(try readiness().contains(#""ready":true"#))
        }
    }

    @Test func aReloadThatFailsChangesNothingAndIsSaid() throws {
        let key = certificates.file("server.key")
        let good = try Data(contentsOf: URL(filePath: key))
        func readiness() throws -> String { try Curl.run(trust + ["\(url)/readyz"]).output }
        #expect(try !readiness().contains("reloaded"))
        for trouble in [nil, try Data(contentsOf: URL(filePath: certificates.file("client.key")))] {
            if let trouble {
                try trouble.write(to: URL(filePath: key))
            } else {
                try FileManager.default.removeItem(atPath: key)
            }
            node.process.terminate(SIGHUP)
            _ = try node.process.waitForLine(
                containing: trouble == nil ? "No such file" : "is not that of the certificate")
            let answer = try readiness()
            #expect(answer.contains(#""ready":true"#))
            #expect(answer.contains("the TLS certificate could not be reloaded, and the old one stays"))
        }
        try good.write(to: URL(filePath: key))
        node.process.terminate(SIGHUP)
        _ = try node.process.waitForLine(containing: "reloaded the TLS certificate")
        #expect(try !readiness().contains("could not be reloaded"))
    }
}
