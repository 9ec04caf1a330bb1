import Foundation
import Revocation
import RevokedServer
import TLS
import TestSupport
import Testing

/// What our client says when TLS with our daemon fails: each cause has its own words, and its cure.
@Suite(.timeLimit(.minutes(2))) struct ClientFailureTests {
    private let stage: TLSStage
    private let certificates: TestCertificates

    init() throws {
        stage = try TLSStage()
        certificates = stage.certificates
        try certificates.sign("stranger", names: "DNS:client", by: "other-ca")
        try certificates.sign("late", names: "DNS:client", days: -1)
        try certificates.sign("expired", names: "IP:127.0.0.1", days: -1)
    }

    /// - Parameter client: the name of the certificate that is shown; nil for none.
    private func message(
        _ url: String, client: String? = "client", authority: String = "ca", name: String? = nil
    ) async throws -> String {
        var configuration = RevocationConfiguration()
        configuration.connectTimeout = .seconds(5)
        if url.hasPrefix("rediss") {
            configuration.tls = StoreTLSConfiguration(
                authorities: certificates.file("\(authority).pem"),
                certificate: client.map { certificates.file("\($0).pem") },
                key: client.map { certificates.file("\($0).key") }, serverName: name)
        }
        let list = try RevocationList(url, configuration: configuration)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let token = TokenClaims(
            issuer: "i", subject: "u", session: "s", identifier: "t", issuedAt: now, expiresAt: now + 60_000)
        let verdict = await list.verdict(for: token)
        await list.close()
        guard case .unknown(let cause) = verdict else { throw TestFailure("no failure: \(verdict)") }
        return cause.message
    }

    @Test(arguments: [TLSProtocols.version12, .version13]) func aFailureSaysItsCause(protocols: TLSProtocols)
        async throws
    {
        try await LocalDaemon.run {
            stage.configure(&$0)
            $0.tls.protocols = protocols
            $0.tls.clientCertificates = .yes
            $0.port = 0
        } _: { daemon in
            let url = "rediss://127.0.0.1:\(daemon.tlsPort)"
            #expect(try await message(url, client: nil).contains("wants a certificate of this client"))
            for client in ["stranger", "late"] {
                #expect(try await message(url, client: client).contains("refuses this client's certificate"))
            }
            #expect(
                try await message(url, authority: "other-ca").contains("signed by no authority that is trusted here"))
            // The daemon does not speak first, and closes what is no handshake.
            let plain = try await message("redis://127.0.0.1:\(daemon.tlsPort)")
            #expect(plain.contains("rediss://"), "\(plain)")
        }
    }

    @Test func anExpiredCertificateIsNamed() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
            $0.tls.certificate = certificates.file("expired.pem")
            $0.tls.key = certificates.file("expired.key")
        } _: { daemon in
            let text = try await message("rediss://127.0.0.1:\(daemon.tlsPort)")
            #expect(text.contains("has expired"), "\(text)")
        }
    }

    @Test func thePlainPortIsNamed() async throws {
        try await LocalDaemon.run { daemon in
            let text = try await message("rediss://127.0.0.1:\(daemon.port)")
            #expect(text.contains("redis:// instead of rediss://"), "\(text)")
        }
    }
}
