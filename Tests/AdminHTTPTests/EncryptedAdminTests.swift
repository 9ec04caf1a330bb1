import AdminHTTP
import Foundation
import Logging
import NIOCore
import NIOPosix
import TLS
import TestSupport
import Testing

/// The HTTP port with a certificate.
@Suite(.timeLimit(.minutes(1))) struct EncryptedAdminTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private let certificates = try! TestCertificates()

    private func tls() throws -> ServerTLS {
        var configuration = ServerTLSConfiguration(clientCertificates: .yes)
        configuration.certificate = certificates.file("server.pem")
        configuration.key = certificates.file("server.key")
        configuration.authorities = certificates.file("ca.pem")
        return try ServerTLS(configuration, logger: Self.logger)
    }

    private func serve(_ tls: ServerTLS, _ body: (_ url: String, _ port: Int) async throws -> Void) async throws {
        let listening = try #require(AdminListening("https://127.0.0.1:0"))
        let server = try #require(
            try await AdminServer.start(listening, tls: tls, logger: Self.logger) {
                $0 == "/readyz" ? AdminResponse(.ready(warnings: ["w"])) : nil
            })
        let address = try #require(server.address)
        do { try await body(address.url, address.port) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func probe(_ url: String, _ authority: String? = "ca") async throws -> ReadinessReport {
        try await HealthProbe(url, authorities: authority.map { certificates.file("\($0).pem") })
            .ask(timeout: .seconds(10))
    }

    /// A probe has no certificate of its own, whatever the clients of the daemon need.
    @Test func aProbeThatKnowsTheAuthorityIsAnswered() async throws {
        try await serve(try tls()) { url, _ in
            #expect(url.hasPrefix("https://127.0.0.1:"))
            #expect(try await probe(url) == .ready(warnings: ["w"]))
            for authority in ["other-ca", nil] {
                let report = try await probe(url, authority)
                #expect(report.cause == "unreachable")
                #expect(report.reason?.contains("--tls-ca-cert-file") == true, "\(report.reason ?? "")")
            }
            let plain = try await probe(url.replacing("https://", with: "http://"))
            #expect(plain.cause == "unreachable")
        }
    }

    /// The name is compared where somebody else could answer.
    @Test func aCertificateForAnotherNameIsGoodEnoughOnLoopback() async throws {
        try certificates.sign("server", names: "DNS:revoked.example")
        try await serve(try tls()) { url, _ in
            let report = try await probe(url)
            #expect(report.ready)
        }
    }

    @Test func aReloadedCertificateIsShownToWhoeverComes() async throws {
        let tls = try tls()
        try await serve(tls) { url, _ in
            #expect(try await probe(url).ready)
            try certificates.sign("server", names: "IP:127.0.0.1", by: "other-ca")
            #expect(await tls.reload())
            #expect(try await probe(url, "other-ca").ready)
            #expect(try await !probe(url).ready)
            // A key of another certificate changes nothing.
            try Data(contentsOf: URL(filePath: certificates.file("client.key")))
                .write(to: URL(filePath: certificates.file("server.key")))
            #expect(await !tls.reload())
            #expect(try await probe(url, "other-ca").ready)
        }
    }

    @Test func anythingButTLSIsClosedAndKeepsNobodyOut() async throws {
        try await serve(try tls()) { url, port in
            let group = MultiThreadedEventLoopGroup.singleton
            for text in [
                "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "PING\r\n", "\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}",
            ] {
                let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get()
                try await channel.writeAndFlush(ByteBuffer(string: text))
                try await channel.closeFuture.get()
            }
            // Handshakes that never come, or stop behind the first bytes of one.
            var silent: [any Channel] = []
            for number in 0..<100 {
                let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get()
                if number % 2 == 0 { try? await channel.writeAndFlush(ByteBuffer(bytes: [0x16, 3, 1, 2, 0])) }
                silent.append(channel)
            }
            for _ in 0..<3 { #expect(try await probe(url).ready) }
            for channel in silent { try? await channel.close() }
        }
    }

    @Test func withoutACertificateItDoesNotStart() async throws {
        let listening = try #require(AdminListening("https://127.0.0.1:0"))
        let error = await #expect(throws: AdminError.self) {
            try await AdminServer.start(listening, logger: Self.logger) { _ in nil }
        }
        #expect(error?.description.contains("--tls-cert-file") == true)
        #expect(throws: HealthProbe.InvalidAuthorities.self) {
            try HealthProbe("https://127.0.0.1:1", authorities: certificates.file("server.key"))
        }
    }
}
