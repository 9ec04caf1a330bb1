import AdminHTTP
import Foundation
import RevokedServer
import TLS
import TestSupport
import Testing

/// Certificates are replaced while clients work.
@Suite(.timeLimit(.minutes(3))) struct TLSReloadTests {
    private let stage: TLSStage

    init() throws { stage = try TLSStage() }

    /// Eight clients ask all the time, others come and go; six reloads, each with a new certificate.
    @Test func aReloadDropsNobody() throws {
        let daemon = try DaemonProcess(try stage.arguments(clients: "no"))
        let client = try stage.start(
            """
            over, served = threading.Event(), []
            def stay():
                made = connect(None)
                count = 0
                while not over.is_set():
                    ask(made, command("ECHO", "x"), b"$1\\r\\nx\\r\\n")
                    count += 1
                served.append(count)
            def come():
                serials = set()
                while not over.is_set():
                    made = connect(None)
                    serials.add(made.getpeercert()["serialNumber"])
                    ask(made, command("PING"), b"+PONG\\r\\n")
                    made.close()
                served.append(len(serials))
            threads = [threading.Thread(target=stay) for _ in range(8)] + [threading.Thread(target=come)]
            for thread in threads: thread.start()
            print("running")
            while not os.path.exists(f"{folder}/over"): time.sleep(0.02)
            over.set()
            for thread in threads: thread.join()
            assert len(served) == 9, served
            print("least", min(served), "certificates", served)
            """, port: daemon.port)
        _ = try client.waitForLine(containing: "running")
        for round in 1...6 {
            try stage.certificates.sign("server", names: "DNS:localhost", days: round + 5)
            let before = try stage.expiry(at: daemon.port)
            daemon.process.terminate(SIGHUP)
            try waitUntil("the new certificate is shown") { try stage.expiry(at: daemon.port) != before }
        }
        try "".write(toFile: stage.certificates.file("over"), atomically: true, encoding: .utf8)
        let ended = try client.waitForEnd()
        #expect(ended.status == 0 && ended.output.contains("least"), "\(ended.output)")
    }

    /// A reload that fails keeps the old certificate, and everybody can see it until one succeeds.
    @Test func aReloadThatFailsChangesNothingAndIsSeen() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0, clients: .no)
            $0.http = .on(AdminAddress(host: "127.0.0.1", port: 0))
        } _: { daemon in
            let address = try #require(daemon.server.httpAddress)
            func page(_ path: String) throws -> String {
                try stage.run(
                    """
                    import urllib.request
                    print(urllib.request.urlopen(sys.argv[3]).read().decode())
                    """, port: 0, "http://\(address)\(path)")
            }
            func information() throws -> String {
                try stage.run(
                    """
                    made = connect(None)
                    made.sendall(command("INFO", "tls"))
                    print(made.recv(4096).decode())
                    """, port: daemon.tlsPort)
            }
            let before = try stage.expiry(at: daemon.tlsPort)
            #expect(try information().contains("tls_last_reload_status:ok"))
            try FileManager.default.copyItem(
                atPath: stage.certificates.file("server.key"), toPath: stage.certificates.file("right.key"))
            for wrong in ["client.key", "server.ext"] {
                let key = stage.certificates.file("server.key")
                try FileManager.default.removeItem(atPath: key)
                await daemon.server.reload()
                try FileManager.default.copyItem(atPath: stage.certificates.file(wrong), toPath: key)
                await daemon.server.reload()
                #expect(try stage.expiry(at: daemon.tlsPort) == before)
                #expect(try information().contains("tls_last_reload_status:err"))
                #expect(try page("/readyz").contains("could not be reloaded, and the old one stays"))
                #expect(try page("/metrics").contains("revoked_tls_reload_failed 1"))
            }
            #expect(try page("/metrics").contains("revoked_tls_reload_failures_total 4"))
            try FileManager.default.removeItem(atPath: stage.certificates.file("server.key"))
            try FileManager.default.copyItem(
                atPath: stage.certificates.file("right.key"), toPath: stage.certificates.file("server.key"))
            await daemon.server.reload()
            #expect(try information().contains("tls_last_reload_status:ok"))
            #expect(try page("/readyz") == "{\"ready\":true}")
        }
    }

    /// A handshake that is under way when an authority is withdrawn does not end with a client of that authority. One
    /// that is under way when the daemon's own certificate is renewed goes on.
    @Test(arguments: ["TLSv1_2", "TLSv1_3"]) func whoIsNoLongerTrustedDoesNotSlipIn(_ version: String) async throws {
        let users = stage.certificates.file("users.acl")
        try "user client on ~* +@all\n".write(toFile: users, atomically: true, encoding: .utf8)
        try await LocalDaemon.run {
            stage.configure(&$0)
            $0.tls.certificateUser = .commonName
            ($0.adminPassword, $0.userFile, $0.port) = ("hunter2", users, try! freePort())
        } _: { daemon in
            let output = try stage.run(
                """
                admin = socket.create_connection(("127.0.0.1", int(sys.argv[4])), 20)
                ask(admin, command("AUTH", "admin", "hunter2"), b"+OK\\r\\n")
                def attempt(change):
                    raw = plain()
                    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                    made = context(version=getattr(ssl.TLSVersion, sys.argv[3])).wrap_bio(
                        incoming, outgoing, server_hostname="localhost")
                    while True:
                        try:
                            made.do_handshake()
                            break
                        except ssl.SSLWantReadError:
                            # The last flight but one has been sent: the daemon waits for the client's certificate.
                            raw.sendall(outgoing.read())
                            if change:
                                incoming.write(raw.recv(65536))
                                ask(admin, command("CONFIG", "SET", *change), b"+OK\\r\\n")
                                change = None
                            else: incoming.write(raw.recv(65536))
                    made.write(command("ACL", "WHOAMI"))
                    raw.sendall(outgoing.read())
                    while more := raw.recv(65536):
                        incoming.write(more)
                        try: return made.read(100)
                        except ssl.SSLWantReadError: pass
                    return b""
                def tried(change):
                    try: return attempt(change).decode().split()[-1:]
                    except (ssl.SSLError, ConnectionResetError, BrokenPipeError): return []
                print(tried(None), tried(["tls-cert-file", f"{folder}/server.pem"]))
                print(tried(["tls-ca-cert-file", f"{folder}/other-ca.pem"]))
                print(tried(["tls-ca-cert-file", f"{folder}/ca.pem"]))
                print(tried(["tls-auth-clients-user", "off"]), tried(None))
                """, port: daemon.tlsPort, version, "\(daemon.port)"
            ).split(separator: "\n")
            #expect(output == ["['client'] ['client']", "[]", "[]", "[] ['required.']"], "\(output)")
        }
    }

    /// What one `CONFIG SET` changes is changed together, or not at all.
    @Test func settingsAreChangedTogether() async throws {
        try stage.certificates.sign("next", names: "DNS:localhost", days: 40)
        try await LocalDaemon.run {
            stage.configure(&$0, clients: .no)
        } _: { daemon in
            let before = try stage.expiry(at: daemon.tlsPort)
            let output = try stage.run(
                """
                made = connect(None)
                def change(*words):
                    made.sendall(command("CONFIG", "SET", *words))
                    print(made.recv(4096).decode().strip())
                change("tls-cert-file", f"{folder}/next.pem")
                change("tls-cert-file", f"{folder}/next.pem", "tls-key-file", f"{folder}/next.key", "maxclients", "0")
                change("tls-protocols", "TLSv1.1")
                change("trust-clock", "yes", "tls-protocols", "TLSv1.3")
                change("tls-cert-file", f"{folder}/next.pem", "tls-key-file", f"{folder}/next.key", "maxclients", "77")
                made.sendall(command("CONFIG", "GET", "tls-cert-file"))
                print(made.recv(4096).decode().split()[-1])
                """, port: daemon.tlsPort
            ).split(separator: "\n")
            try #require(output.count == 6, "\(output)")
            #expect(output[0].contains("'tls-cert-file') - the key in"))
            #expect(output[1].contains("'maxclients') - argument must be between"))
            #expect(output[2].contains("'tls-protocols') - argument must be TLSv1.2, TLSv1.3 or both"))
            #expect(output[3].contains("'tls-protocols') - not together with appendonly, appendfsync or trust-clock"))
            #expect(output[4] == "+OK")
            #expect(output[5].hasSuffix("next.pem"))
            #expect(try stage.expiry(at: daemon.tlsPort) != before)
        }
    }

    @Test func withoutATLSPortThereIsNothingToSet() async throws {
        try await LocalDaemon.run { daemon in
            let socket = try daemon.connect()
            try socket.send(WireCommand(text: "CONFIG SET tls-cert-file /x").encoded)
            let reply = String(decoding: try socket.reply(), as: UTF8.self)
            #expect(reply.contains("there is no TLS: start the daemon with --tls-port"))
            await daemon.server.reload()
            try socket.expect("CONFIG GET tls-port", "[\"tls-port\", \"0\"]")
        }
    }

    private func waitUntil(_ what: String, _ condition: () throws -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: TestSocket.patience)
        while try !condition() { if Date() > deadline { throw TestFailure("never: \(what)") } }
    }
}

extension TLSStage {
    /// When the certificate that a new connection gets expires.
    func expiry(at port: Int) throws -> String {
        try run("print(connect(None).getpeercert()['notAfter'])", port: port)
    }
}
