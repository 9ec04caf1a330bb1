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
            try sign("expired", names: "DNS:store.example", days: -1)
            try sign("stranger", names: "DNS:client", by: "other-ca")
        }

        deinit { try? FileManager.default.removeItem(atPath: directory) }

        private func sign(_ name: String, names: String, by authority: String = "ca", days: Int = 2) throws {
            try Data("subjectAltName=\(names)\n".utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name).ext"))
            try openssl(
                "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)",
                "-keyout", "\(name).key", "-out", "\(name).csr")
            try openssl(
                "x509", "-req", "-in", "\(name).csr", "-CA", "\(authority).pem", "-CAkey", "\(authority).key",
                "-CAcreateserial", "-days", "\(days)", "-extfile", "\(name).ext", "-out", "\(name).pem")
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

    /// Each trouble has a sentence of its own, which says what to do.
    @Test func whatIsWrongIsSaid() async throws {
        let certificates = try Certificates()
        let directory = certificates.directory
        func server(_ certificate: String = "server", _ more: String...) async throws -> RedisServer {
            try await RedisServer(
                arguments: [
                    "--bind", "127.0.0.1", "--save", "", "--tls-port", "{port}", "--port", "0", "--tls-cert-file",
                    "\(directory)/\(certificate).pem", "--tls-key-file", "\(directory)/\(certificate).key",
                    "--tls-ca-cert-file", "\(directory)/ca.pem",
                ] + more)
        }
        func message(_ server: RedisServer, _ query: String, scheme: String = "rediss") async throws -> String {
            let list = try RevocationList(
                "\(scheme)://127.0.0.1:\(server.port)?\(query)", configuration: liveConfiguration(),
                logger: LogLines().logger)
            defer { Task { await list.close() } }
            guard case .unknown(let cause) = await list.verdict(for: liveToken()) else { return "" }
            #expect([.unreachable, .timedOut].contains(cause.code))
            return cause.message
        }
        let right = "ca=\(directory)/ca.pem&servername=store.example"
        let client = "&cert=\(directory)/client.pem&key=\(directory)/client.key"
        let stranger = "&cert=\(directory)/stranger.pem&key=\(directory)/stranger.key"
        let good = try await server()
        let plain = try await RedisServer()
        let (expired, old) = (
            try await server("expired"),
            try await server("server", "--tls-protocols", "TLSv1.1", "--tls-ciphers", "DEFAULT@SECLEVEL=0")
        )
        let older = try await server("server", "--tls-protocols", "TLSv1.2")
        let sentences = [
            try await message(good, "ca=\(directory)/ca.pem" + client),
            try await message(good, "ca=\(directory)/other-ca.pem&servername=store.example" + client),
            try await message(good, right), try await message(good, right + stranger),
            try await message(old, right + client), try await message(plain, right + client),
            try await message(good, "", scheme: "redis"), try await message(expired, right + client),
        ]
        let cures = [
            "servername=NAME", "ca=FILE", "cert=FILE&key=FILE", "tls-ca-cert-file", "tls-protocols", "redis://",
            "rediss://",
            "expired",
        ]
        for (sentence, cure) in zip(sentences, cures) { #expect(sentence.contains(cure), "\(sentence)") }
        #expect(Set(sentences).count == cures.count)
        // The version before says the same with other words.
        #expect(try await message(older, right) == sentences[2])
        #expect(try await message(older, right + stranger) == sentences[3])
    }

    @Test func filesThatAreNoneAreRefusedAtOnce() {
        let error = #expect(throws: RevocationError.self) { try RevocationList("rediss://h:1?ca=/nonexistent") }
        #expect(error?.code == .invalidConfiguration)
    }
}
