import Contract
import Foundation
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Revocation

/// TLS with redis-server as Debian ships it: with the right authority, name and client certificate, and without.
@Suite(.timeLimit(.minutes(1))) struct EncryptionTests {
    /// `server` has another name than the host's, `stranger` another authority, and `expired` has expired.
    private static func makeCertificates() throws -> TestCertificates {
        let certificates = try TestCertificates()
        try certificates.sign("server", names: "DNS:store.example")
        try certificates.sign("expired", names: "DNS:store.example", days: -1)
        try certificates.sign("stranger", names: "DNS:client", by: "other-ca")
        try certificates.sign("late", names: "DNS:client", days: -1)
        return certificates
    }

    @Test func certificatesAreVerifiedBothWays() async throws {
        let certificates = try Self.makeCertificates()
        let directory = certificates.path
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
        let certificates = try Self.makeCertificates()
        let directory = certificates.path
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
        let late = "&cert=\(directory)/late.pem&key=\(directory)/late.key"
        for server in [good, older] { #expect(try await message(server, right + late) == sentences[3]) }
        let odd = try await server("server", "--tls-protocols", "TLSv1.2", "--tls-ciphers", "ECDHE-ECDSA-AES256-SHA384")
        #expect(try await message(odd, right + client).contains("tls-ciphers"))
    }

    /// A certificate for the address that was connected to is not one for the name that was asked for.
    @Test func theAddressIsNoSubstituteForTheName() async throws {
        let certificates = try TestCertificates()
        try certificates.sign("address", names: "IP:127.0.0.1")
        try certificates.sign("wildcard", names: "IP:127.0.0.1,DNS:*.stores.example")
        try certificates.sign("both", names: "IP:127.0.0.1,DNS:Store.Example,DNS:localhost")
        func isAccepted(_ name: String, _ host: String, _ query: String = "") async throws -> Bool {
            let server = try await RedisServer(
                arguments: [
                    "--bind", "127.0.0.1", "--save", "", "--tls-port", "{port}", "--port", "0", "--tls-cert-file",
                    certificates.file("\(name).pem"), "--tls-key-file", certificates.file("\(name).key"),
                    "--tls-ca-cert-file", certificates.file("ca.pem"), "--tls-auth-clients", "no",
                ])
            let administration = try StoreAdministration(
                "rediss://\(host):\(server.port)?ca=\(certificates.file("ca.pem"))\(query)",
                configuration: liveConfiguration(), logger: LogLines().logger)
            defer { Task { await administration.close() } }
            do throws(RevocationError) {
                _ = try await administration.initialise()
                return true
            } catch {
                #expect(error.message.contains("servername=NAME"), "\(error)")
                return false
            }
        }
        for name in ["address", "wildcard", "both"] { #expect(try await isAccepted(name, "127.0.0.1")) }
        #expect(try await !isAccepted("address", "127.0.0.1", "&servername=store.example"))
        #expect(try await !isAccepted("address", "localhost"))
        #expect(try await isAccepted("both", "localhost"))
        #expect(try await isAccepted("both", "127.0.0.1", "&servername=STORE.example."))
        #expect(try await !isAccepted("both", "127.0.0.1", "&servername=other.example"))
        #expect(try await isAccepted("wildcard", "127.0.0.1", "&servername=any.stores.example"))
        #expect(try await !isAccepted("wildcard", "127.0.0.1", "&servername=any.other.stores.example"))
    }

    /// A certificate that is replaced is shown by the next connection; one that cannot be used is not.
    @Test func filesMayBeReplacedWhileItRuns() async throws {
        let certificates = try Self.makeCertificates()
        let server = try await RedisServer(
            arguments: [
                "--bind", "127.0.0.1", "--save", "", "--tls-port", "{port}", "--port", "0", "--tls-cert-file",
                certificates.file("server.pem"), "--tls-key-file", certificates.file("server.key"),
                "--tls-ca-cert-file", certificates.file("ca.pem"),
            ])
        func copy(_ name: String) throws {
            for kind in ["pem", "key"] {
                let target = certificates.file("mine.\(kind)")
                try? FileManager.default.removeItem(atPath: target)
                try FileManager.default.copyItem(atPath: certificates.file("\(name).\(kind)"), toPath: target)
            }
        }
        try copy("client")
        let query =
            "ca=\(certificates.file("ca.pem"))&servername=store.example&cert=\(certificates.file("mine.pem"))"
            + "&key=\(certificates.file("mine.key"))"
        let (log, loop) = (LogLines(), MultiThreadedEventLoopGroup.singleton.next())
        guard case .server(let location, let access) = try StoreURL("rediss://127.0.0.1:\(server.port)?\(query)") else {
            Issue.record("no server")
            return
        }
        let encryption = try #require(try StoreEncryption(access, logger: log.logger))
        func isAdmitted() async throws -> Bool {
            let channel = try await StoreChannelHandler.connect(
                to: location, on: loop, encryption: encryption, timeout: .seconds(5)
            ).get()
            defer { channel.close(promise: nil) }
            let reply = try? await loop.flatSubmit {
                StoreChannelHandler.call([Command("PING")], on: channel, timeout: .seconds(5))
            }.get()
            return reply != nil
        }
        #expect(try await isAdmitted())
        try copy("stranger")
        #expect(try await !isAdmitted())
        try copy("client")
        #expect(try await isAdmitted())
        #expect(log.all.count == 2)
        // Half of a pair.
        try FileManager.default.removeItem(atPath: certificates.file("mine.key"))
        for _ in 0..<2 { #expect(try await isAdmitted()) }
        #expect(log.all.count == 3 && log.all[2].contains("cannot be used, and the old ones stay"))
        try copy("client")
        await encryption.reload()
        #expect(log.all.count == 4)
        #expect(try await isAdmitted())
        #expect(log.all.count == 4)
    }

    /// Until it has ended no other connection is made.
    @Test func theEndOfAConnectionDoesNotWaitForAStoreThatIsSilent() async throws {
        let certificates = try Self.makeCertificates()
        let server = try await RedisServer(
            arguments: [
                "--bind", "127.0.0.1", "--save", "", "--tls-port", "{port}", "--port", "0", "--tls-cert-file",
                certificates.file("server.pem"), "--tls-key-file", certificates.file("server.key"),
                "--tls-ca-cert-file", certificates.file("ca.pem"), "--tls-auth-clients", "no",
            ])
        let url = try StoreURL(
            "rediss://127.0.0.1:\(server.port)?ca=\(certificates.file("ca.pem"))&servername=store.example")
        guard case .server(let location, let access) = url else {
            Issue.record("no server")
            return
        }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let channel = try await StoreChannelHandler.connect(
            to: location, on: loop, encryption: try StoreEncryption(access, logger: LogLines().logger),
            timeout: .seconds(5)
        ).get()
        let replies = try await loop.flatSubmit {
            StoreChannelHandler.call([Command("PING")], on: channel, timeout: .seconds(5))
        }.get()
        #expect(replies.count == 1)
        server.signal(SIGSTOP)
        let started = ContinuousClock.now
        channel.close(promise: nil)
        try await channel.closeFuture.get()
        #expect(ContinuousClock.now - started < .seconds(3))
    }

    /// What a URL does not say a configuration may.
    @Test func filesMayStandInTheConfiguration() async throws {
        let certificates = try Self.makeCertificates()
        let server = try await RedisServer(
            arguments: [
                "--bind", "127.0.0.1", "--save", "", "--tls-port", "{port}", "--port", "0", "--tls-cert-file",
                certificates.file("server.pem"), "--tls-key-file", certificates.file("server.key"),
                "--tls-ca-cert-file", certificates.file("ca.pem"), "--requirepass", "hunter2",
            ])
        var configuration = liveConfiguration()
        configuration.password = "hunter2"
        configuration.tls = StoreTLSConfiguration(
            authorities: certificates.file("ca.pem"), certificate: certificates.file("client.pem"),
            key: certificates.file("client.key"), serverName: "store.example")
        let url = "rediss://127.0.0.1:\(server.port)"
        let administration = try StoreAdministration(url, configuration: configuration)
        _ = try await administration.initialise()
        await administration.close()
        let list = try RevocationList(url, configuration: configuration)
        #expect(await list.verdict(for: liveToken()).isClear)
        await list.close()
    }

    /// They are refused before anything connects, each with its reason.
    @Test func filesThatAreNoneAreRefusedAtOnce() throws {
        let certificates = try Self.makeCertificates()
        try certificates.openssl(
            "pkey", "-in", "client.key", "-aes128", "-passout", "pass:secret", "-out", "locked.key")
        let directory = certificates.path
        func refusal(_ query: String) -> String {
            let error = #expect(throws: RevocationError.self) { try RevocationList("rediss://h:1?\(query)") }
            #expect(error?.code == .invalidConfiguration)
            return error?.message ?? ""
        }
        let missing = refusal("ca=\(directory)/nothing")
        #expect(missing == "the file for TLS \(directory)/nothing cannot be read: No such file or directory")
        #expect(refusal("ca=\(directory)") == "\(directory) holds no certificate in PEM")
        let key = "\(directory)/client.key"
        #expect(refusal("ca=\(key)") == "\(key) holds no certificate in PEM")
        let client = "cert=\(directory)/client.pem"
        #expect(refusal("\(client)&key=\(directory)/nothing").hasSuffix("cannot be read: No such file or directory"))
        for file in ["client.pem", "locked.key"] {
            #expect(
                refusal("\(client)&key=\(directory)/\(file)")
                    == "\(directory)/\(file) holds no private key that needs no passphrase in PEM")
        }
        #expect(
            refusal("\(client)&key=\(directory)/server.key")
                == "the private key in \(directory)/server.key does not belong to the certificate in "
                + "\(directory)/client.pem")
    }
}
