import Foundation
import RevokedServer
import TestSupport
import Testing

/// What strangers send to a TLS port closes their connection, and costs nobody anything.
@Suite(.timeLimit(.minutes(3))) struct TLSBadInputTests {
    private let stage: TLSStage

    init() throws { stage = try TLSStage() }

    private func failures(_ daemon: LocalDaemon) throws -> Int {
        let output = try stage.run(
            """
            made = connect()
            made.sendall(command("INFO", "tls"))
            print(made.recv(4096).decode().split("tls_handshake_failures:")[1].split()[0])
            """, port: daemon.tlsPort)
        return try #require(Int(output))
    }

    /// Nothing of it is executed, and each is counted.
    @Test func whatIsNoHandshakeEndsTheConnection() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            _ = try stage.run(
                """
                import random
                made = connect()
                random.seed(1)
                pieces = [
                    command("SETEX", "revoked:jti:plain", 100, "logout"), b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n",
                    b"PING\\r\\n" * 10, bytes(100), b"\\x16\\x03\\x01\\xff\\xff" + bytes(70000),
                    b"\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc" + bytes(600),
                    b"\\x80\\x2e\\x01\\x00\\x02\\x00\\x15\\x00\\x00\\x00\\x10" + bytes(40),
                ] + [bytes(random.randrange(256) for _ in range(500)) for _ in range(20)]
                for piece in pieces:
                    stranger = plain()
                    try: stranger.sendall(piece)
                    except (ConnectionResetError, BrokenPipeError): pass
                    got = rest(stranger)
                    assert b"OK" not in got and b"PONG" not in got, got
                    ask(made, command("PING"), b"+PONG\\r\\n")
                ask(made, command("DBSIZE"), b":0\\r\\n")
                """, port: daemon.tlsPort)
            #expect(try failures(daemon) == 27)
        }
    }

    /// Cut off, at every byte of a good client's greeting, and with a bit turned there.
    @Test func aGreetingMayBeCutOrDamagedAnywhere() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            _ = try stage.run(
                """
                made = connect()
                greeting = ssl.MemoryBIO()
                client = context().wrap_bio(ssl.MemoryBIO(), greeting, server_hostname="localhost")
                try: client.do_handshake()
                except ssl.SSLWantReadError: pass
                greeting = greeting.read()
                for place in range(0, len(greeting), 3):
                    cut = plain()
                    cut.sendall(greeting[:place])
                    cut.shutdown(socket.SHUT_WR)
                    rest(cut)
                    damaged = plain()
                    damaged.sendall(greeting[:place] + bytes([greeting[place] ^ 1 << place % 8]) + greeting[place + 1:])
                    damaged.shutdown(socket.SHUT_WR)
                    rest(damaged)
                ask(made, command("PING"), b"+PONG\\r\\n")
                """, port: daemon.tlsPort)
            #expect(try failures(daemon) > 100)
        }
    }

    /// A probe of the port, as load balancers make it, is neither counted nor logged.
    @Test func aConnectionThatSaysNothingIsNoFailure() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            _ = try stage.run("for _ in range(20): plain().close()", port: daemon.tlsPort)
            #expect(try failures(daemon) == 0)
        }
    }

    /// A handshake that stalls or drips is given 10 s.
    @Test func aHandshakeThatStallsIsEnded() async throws {
        let clock = TestClock()
        var time = clock.source
        // Certificates are of today.
        time.wall = TimeSource.system.wall
        try await LocalDaemon.run(time: time) {
            stage.configure(&$0)
        } _: { daemon in
            let client = try stage.start(
                """
                made = connect()
                silent, dripping = plain(), plain()
                dripping.sendall(b"\\x16\\x03\\x01\\x02\\x00")
                print("stalled")
                assert rest(silent) == b"" and rest(dripping) == b""
                ask(made, command("PING"), b"+PONG\\r\\n")
                print("ended")
                """, port: daemon.tlsPort)
            _ = try client.waitForLine(containing: "stalled")
            #expect(try failures(daemon) == 0)
            clock.advance(.seconds(11))
            _ = try client.waitForLine(containing: "ended")
            #expect(try failures(daemon) == 2)
        }
    }

    /// Where connections are scarce the oldest handshake that is not complete makes room.
    @Test func stalledHandshakesKeepNobodyOut() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
            $0.maximumClients = 50
        } _: { daemon in
            _ = try stage.run(
                """
                good = [connect() for _ in range(20)]
                for made in good: ask(made, command("PING"), b"+PONG\\r\\n")
                stalled = [plain() for _ in range(200)]
                good += [connect() for _ in range(20)]
                for made in good: ask(made, command("PING"), b"+PONG\\r\\n")
                """, port: daemon.tlsPort)
        }
    }

    @Test func tlsOnThePlainPortIsRefused() async throws {
        let port = try freePort()
        try await LocalDaemon.run {
            stage.configure(&$0)
            $0.port = port
        } _: { daemon in
            _ = try stage.run(
                """
                try:
                    connect()
                    raise SystemExit("it spoke TLS")
                except (ssl.SSLError, ConnectionResetError): pass
                """, port: daemon.port)
            #expect(try failures(daemon) == 0)
            let socket = try daemon.connect()
            try socket.send(WireCommand(text: "INFO stats").encoded)
            #expect(String(decoding: try socket.reply(), as: UTF8.self).contains("strangers_closed:1"))
        }
    }

    /// A thousand clients greet at once; each is served, and so is one that was there.
    @Test func manyHandshakesAtOnce() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            _ = try stage.run(
                """
                made = connect()
                shared = context()
                raws = [plain() for _ in range(1000)]
                clients = []
                for raw in raws:
                    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                    client = shared.wrap_bio(incoming, outgoing, server_hostname="localhost")
                    try: client.do_handshake()
                    except ssl.SSLWantReadError: pass
                    clients.append((raw, client, incoming, outgoing))
                for raw, client, incoming, outgoing in clients: raw.sendall(outgoing.read())
                ask(made, command("PING"), b"+PONG\\r\\n")
                for raw, client, incoming, outgoing in clients:
                    while True:
                        incoming.write(raw.recv(65536))
                        try:
                            client.do_handshake()
                            break
                        except ssl.SSLWantReadError: pass
                    client.write(command("PING"))
                    raw.sendall(outgoing.read())
                for raw, client, incoming, outgoing in clients:
                    while True:
                        incoming.write(raw.recv(65536))
                        try:
                            assert client.read(100) == b"+PONG\\r\\n"
                            break
                        except ssl.SSLWantReadError: pass
                """, port: daemon.tlsPort)
            #expect(try failures(daemon) == 0)
        }
    }
}
