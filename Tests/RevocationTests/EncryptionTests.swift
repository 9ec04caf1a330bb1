import Contract
import Foundation
import Testing

@testable import Revocation

/// TLS with redis-server as Debian ships it: with the right authority, name and client certificate, and without.
@Suite(.timeLimit(.minutes(1))) struct EncryptionTests {
    /// Certificates made for one test, with openssl.
    private final class Certificates: Sendable {
        let directory = NSTemporaryDirectory() + "revoked-tls-\(UInt64.random(in: 0 ... .max))"

        init() throws {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            for authority in ["ca", "other-ca"] {
                try openssl(
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=\(authority)", "-keyout", "\(authority).key", "-out", "\(authority).pem")
            }
            try sign("server", names: "DNS:store.example")
            try sign("client", names: "DNS:client")
        }

        deinit { try? FileManager.default.removeItem(atPath: directory) }

        private func sign(_ name: String, names: String) throws {
            try Data("subjectAltName=\(names)\n".utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name).ext"))
            try openssl(
                "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)",
                "-keyout", "\(name).key", "-out", "\(name).csr")
            try openssl(
                "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                "2", "-extfile", "\(name).ext", "-out", "\(name).pem")
        }

        private func openssl(_ arguments: String...) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
            process.arguments = arguments
            process.currentDirectoryURL = URL(fileURLWithPath: directory)
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "openssl must work: apt-get install openssl")
        }
    }

    @Test func certificatesAreVerifiedBothWays() async throws {
        let certificates = try Certificates()
        let directory = certificates.directory
        let server = try await RedisServer(
            "--tls-port", "{port}", "--port", "0", "--tls-cert-file", "\(directory)/server.pem", "--tls-key-file",
            "\(directory)/server.key", "--tls-ca-cert-file", "\(directory)/ca.pem", "--requirepass", "hunter2")
        func url(_ query: String, host: String = "127.0.0.1") -> String {
            "rediss://:hunter2@\(host):\(server.port)?\(query)"
        }
        let client = "cert=\(directory)/client.pem&key=\(directory)/client.key"
        let trusted = "ca=\(directory)/ca.pem&" + client
        let right = trusted + "&servername=store.example"
        let administration = try StoreAdministration(url(right))
        guard case .written = try await administration.initialise() else {
            return #expect(Bool(false), "the right certificates open the store")
        }
        await administration.close()

        for right in [url(right), url(right, host: "localhost")] {
            let list = try RevocationList(right, configuration: liveConfiguration())
            try await list.revoke(.session("s"))
            #expect(await list.verdict(for: liveToken(session: "s")).reason == "admin")
            #expect(await list.verdict(for: liveToken()).isClear)
            await list.close()
        }
        for wrong in [
            url("ca=\(directory)/other-ca.pem&servername=store.example&" + client), url(client), url(trusted),
            url(trusted + "&servername=other.example"), url(trusted, host: "localhost"),
            url("ca=\(directory)/ca.pem&servername=store.example"), "redis://:hunter2@127.0.0.1:\(server.port)",
        ] {
            let list = try RevocationList(wrong, configuration: liveConfiguration(), logger: LogLines().logger)
            #expect(await list.verdict(for: liveToken(session: "s")).unknownCode == .unreachable)
            let error = await #expect(throws: RevocationError.self) { try await list.revoke(liveToken()) }
            #expect(error?.code == .unreachable)
            await list.close()
        }
    }

    @Test func filesThatAreNoneAreRefusedAtOnce() {
        let error = #expect(throws: RevocationError.self) { try RevocationList("rediss://h:1?ca=/nonexistent") }
        #expect(error?.code == .invalidConfiguration)
    }
}
