import Foundation
import Revocation
import RevokedServer
import TLS
import TestSupport
import Testing

/// Clients as they are, over TLS.
@Suite(.timeLimit(.minutes(3))) struct TLSClientTests {
    private let stage: TLSStage

    init() throws { stage = try TLSStage() }

    @Test func redisCLI() async throws {
        let program = try TestProcess.find("redis-cli", package: "redis-tools")
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            func ask(_ words: String...) throws -> String {
                let ended = try TestProcess(
                    program,
                    [
                        "--tls", "-h", "127.0.0.1", "-p", "\(daemon.tlsPort)", "--cacert",
                        stage.certificates.file("ca.pem"), "--cert", stage.certificates.file("client.pem"), "--key",
                        stage.certificates.file("client.key"),
                    ] + words
                ).waitForEnd()
                return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            let written = try ask("setex", "revoked:jti:example", "60", "logout")
            #expect(written == "OK")
            #expect(try ask("exists", "revoked:jti:example") == "1")
            #expect(try ask("config", "get", "tls-port").hasSuffix("\(daemon.tlsPort)"))
            #expect(try ask("config", "get", "port").hasSuffix("0"))
            #expect(try ask("info", "server").contains("tcp_port:0"))
            #expect(try ask("info", "tls").contains("tls_port:\(daemon.tlsPort)"))
        }
    }

    @Test func redisPy() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0, clients: .optional)
        } _: { daemon in
            _ = try stage.run(
                """
                import redis
                client = redis.Redis(host="localhost", port=port, ssl=True, ssl_ca_certs=f"{folder}/ca.pem")
                assert client.setex("revoked:jti:python", 100, "logout") is True
                pipeline = client.pipeline(transaction=False)
                for number in range(2000): pipeline.setex(f"revoked:jti:{number}", 100, "logout" * 10)
                assert pipeline.execute() == [True] * 2000
                assert client.mget([f"revoked:jti:{n}" for n in range(2000)]) == [b"logout" * 10] * 2000
                client.close()
                """, port: daemon.tlsPort)
        }
    }

    @Test func ourOwn() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            let files =
                "ca=\(stage.certificates.file("ca.pem"))&cert=\(stage.certificates.file("client.pem"))"
                + "&key=\(stage.certificates.file("client.key"))"
            let list = try RevocationList("rediss://localhost:\(daemon.tlsPort)?\(files)")
            try await list.revoke(.session("s"))
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            let token = TokenClaims(
                issuer: "i", subject: "u", session: "s", identifier: "t", issuedAt: now, expiresAt: now + 60_000)
            guard case .revoked = await list.verdict(for: token) else {
                Issue.record("the revocation was not seen")
                return
            }
            await list.close()
        }
    }

    /// In one daemon plain text and TLS serve the same entries.
    @Test(arguments: [ServerConfiguration.TransportKind.epoll, .nio])
    func bothPortsServeTheSameTable(_ transport: ServerConfiguration.TransportKind) async throws {
        let port = try freePort()
        try await LocalDaemon.run {
            stage.configure(&$0)
            ($0.port, $0.transport) = (port, transport)
        } _: { daemon in
            #expect(daemon.endpoints.count == 2 && daemon.port == port && daemon.tlsPort != port)
            try daemon.connect().expect("SETEX revoked:jti:a 100 logout", "+OK")
            try stage.run(
                """
                made = connect()
                ask(made, command("EXISTS", "revoked:jti:a"), b":1\\r\\n")
                ask(made, command("SETEX", "revoked:jti:b", 100, "logout"), b"+OK\\r\\n")
                """, port: daemon.tlsPort)
            try daemon.connect().expect("EXISTS revoked:jti:a revoked:jti:b", ":2")
        }
    }

    // MARK: Certificates and versions

    @Test(arguments: [
        (ServerTLSConfiguration.ClientCertificates.yes, [false, true, false]), (.optional, [true, true, false]),
        (.no, [true, true, true]),
    ])
    func clientsShowACertificateWhereTheyHaveTo(
        _ clients: ServerTLSConfiguration.ClientCertificates, _ admitted: [Bool]
    ) async throws {
        try stage.certificates.sign("stranger", names: "DNS:client", by: "other-ca")
        try await LocalDaemon.run {
            stage.configure(&$0, clients: clients)
        } _: { daemon in
            for version in ["TLSv1_2", "TLSv1_3"] {
                let output = try stage.run(
                    """
                    for cert in None, "client", "stranger":
                        try:
                            made = connect(cert, getattr(ssl.TLSVersion, sys.argv[3]))
                            ask(made, command("PING"), b"+PONG\\r\\n")
                            print("true")
                        except (ssl.SSLError, ConnectionResetError, BrokenPipeError, SystemExit):
                            print("false")
                    """, port: daemon.tlsPort, version)
                #expect(output.split(separator: "\n").map { $0 == "true" } == admitted, "\(version)")
            }
        }
    }

    @Test(arguments: [
        (TLSProtocols.default, [true, true]), (.version12, [true, false]), (.version13, [false, true]),
    ])
    func onlyTheProtocolsThatAreSetAreSpoken(_ protocols: TLSProtocols, _ spoken: [Bool]) async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
            $0.tls.protocols = protocols
        } _: { daemon in
            let output = try stage.run(
                """
                for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                    try:
                        made = connect(version=version)
                        ask(made, command("PING"), b"+PONG\\r\\n")
                        print("true")
                    except (ssl.SSLError, ConnectionResetError): print("false")
                """, port: daemon.tlsPort)
            #expect(output.split(separator: "\n").map { $0 == "true" } == spoken)
        }
    }

    /// TLS does not verify the certificate of a resumed session again. So the daemon looks at its end by its own clock.
    @Test func aCertificateThatHasExpiredLetsNobodyIn() async throws {
        var time = TimeSource.system
        time.wall = { TimeSource.system.wall() + 3 * 86_400_000 }
        try await LocalDaemon.run(time: time) {
            stage.configure(&$0)
        } _: { daemon in
            let output = try stage.run(
                """
                try:
                    made = connect()
                    made.sendall(command("PING"))
                    print(made.recv(100))
                except (ssl.SSLError, ConnectionError): print(b"")
                """, port: daemon.tlsPort)
            #expect(output == "b''")
        }
    }

    @Test func aSessionIsResumed() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            let output = try stage.run(
                """
                for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                    made = context(version=version)
                    first = made.wrap_socket(plain(), server_hostname="localhost")
                    ask(first, command("PING"), b"+PONG\\r\\n")
                    second = made.wrap_socket(plain(), server_hostname="localhost", session=first.session)
                    ask(second, command("PING"), b"+PONG\\r\\n")
                    print(first.session_reused, second.session_reused)
                """, port: daemon.tlsPort)
            #expect(output == "False True\nFalse True")
        }
    }

    // MARK: Users

    /// A certificate's common name is its client's user, also in a resumed session. Without such a user, or with one
    /// that is off, the client is nobody special, and the log of denials says so.
    @Test(arguments: ["TLSv1_2", "TLSv1_3"]) func aCertificateNamesItsUser(_ version: String) async throws {
        let users = stage.certificates.file("users.acl")
        try "user reader on\nuser gone off nopass ~* +@all\n".write(toFile: users, atomically: true, encoding: .utf8)
        for name in ["reader", "gone", "nobody"] { try stage.certificates.sign(name, names: "DNS:client") }
        try stage.certificates.sign("twice", names: "DNS:client", subject: "/CN=reader/CN=admin")
        try await LocalDaemon.run {
            stage.configure(&$0, clients: .optional)
            $0.tls.certificateUser = .commonName
            ($0.password, $0.adminPassword, $0.userFile) = ("hunter2", "hunter3", users)
        } _: { daemon in
            let output = try stage.run(
                """
                for name in "reader", "gone", "nobody", "twice", None:
                    made = context(name, getattr(ssl.TLSVersion, sys.argv[3]))
                    session = None
                    for _ in range(2):
                        client = made.wrap_socket(plain(), server_hostname="localhost", session=session)
                        client.sendall(command("GET", "revoked:jti:a"))
                        print(name, client.recv(1000).split()[0].decode(), client.session_reused)
                        session = client.session
                client = connect("reader")
                client.sendall(command("GET", "revoked:jti:a") + command("DEL", "revoked:jti:a"))
                got = b""
                while got.count(b"\\n") < 2: got += client.recv(1000)
                print(got.split()[0].decode(), got.split()[1].decode())
                client = connect(None)
                ask(client, command("AUTH", "admin", "hunter3"), b"+OK\\r\\n")
                client.sendall(command("INFO", "stats"))
                print(client.recv(9000).split(b"acl_access_denied_tls_cert:")[1].split()[0].decode())
                client.sendall(command("ACL", "LOG"))
                print(client.recv(9000).count(b"tls-cert"))
                """, port: daemon.tlsPort, version
            ).split(separator: "\n").map(String.init)
            #expect(
                output == [
                    "reader $-1 False", "reader $-1 True", "gone -NOAUTH False", "gone -NOAUTH True",
                    "nobody -NOAUTH False", "nobody -NOAUTH True", "twice -NOAUTH False", "twice -NOAUTH True",
                    "None -NOAUTH False", "None -NOAUTH True", "$-1 -NOPERM", "6", "3",
                ])
        }
    }

    // MARK: Protection

    @Test func beyondLoopbackAPasswordOrCertificatesAreNeeded() async throws {
        func start(_ configure: (inout ServerConfiguration) -> Void) async -> ServerError? {
            do {
                try await LocalDaemon.run {
                    stage.configure(&$0)
                    $0.bind = ["0.0.0.0"]
                    configure(&$0)
                } _: { _ in
                }
                return nil
            } catch { return error as? ServerError }
        }
        #expect(await start { _ in } == nil)
        #expect(await start { $0.tls.clientCertificates = .optional }?.code == .unprotected)
        #expect(await start { $0.tls.clientCertificates = .no }?.code == .unprotected)
        let port = try freePort()
        #expect(await start { $0.port = port }?.code == .unprotected)
        #expect(await start { ($0.tls.clientCertificates, $0.password) = (.no, "hunter2") } == nil)
        // It stays so while the daemon runs.
        try await LocalDaemon.run {
            stage.configure(&$0)
            $0.bind = ["0.0.0.0"]
        } _: { daemon in
            let output = try stage.run(
                """
                made = connect()
                made.sendall(command("CONFIG", "SET", "tls-auth-clients", "no"))
                print(made.recv(1000).decode())
                """, port: daemon.tlsPort)
            #expect(output.contains("'tls-auth-clients') - anyone who reaches 0.0.0.0 could do everything then"))
        }
    }
}
