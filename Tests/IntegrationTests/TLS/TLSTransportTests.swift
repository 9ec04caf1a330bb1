import Foundation
import RevokedServer
import TestSupport
import Testing

/// Over TLS a conversation is what it is in plain text, however the bytes arrive.
@Suite(.timeLimit(.minutes(3))) struct TLSTransportTests {
    private let stage: TLSStage

    init() throws { stage = try TLSStage() }

    /// Handshake and requests arrive byte by byte; a request also in records of one byte each.
    @Test func bytesMayDrip() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            _ = try stage.run(
                """
                raw = plain()
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                made = context().wrap_bio(incoming, outgoing, server_hostname="localhost")

                def leave():
                    for byte in outgoing.read(): raw.sendall(bytes([byte]))

                def step(action):
                    while True:
                        try: done = action()
                        except ssl.SSLWantReadError: done = None
                        leave()
                        if done is not None: return done
                        incoming.write(raw.recv(1))

                step(lambda: made.do_handshake() or True)
                for record in [command("SETEX", "revoked:jti:drip", 100, "logout")] + [
                    bytes([byte]) for byte in command("EXISTS", "revoked:jti:drip")]:
                    made.write(record)
                    leave()
                got = b""
                while len(got) < 9: got += step(lambda: made.read(100))
                assert got == b"+OK\\r\\n:1\\r\\n", got
                """, port: daemon.tlsPort)
        }
    }

    @Test func aBigPipelineIsAnsweredInOrder() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            _ = try stage.run(
                """
                made = connect()
                request = b"".join(command("ECHO", n) for n in range(100000))
                reply = b"".join(b"$%d\\r\\n%d\\r\\n" % (len(str(n)), n) for n in range(100000))
                made.setblocking(False)
                sent, got = 0, b""
                while len(got) < len(reply):
                    try: sent += made.send(request[sent:sent + 65536]) if sent < len(request) else 0
                    except (ssl.SSLWantReadError, ssl.SSLWantWriteError): pass
                    try:
                        more = made.recv(1 << 20)
                        if not more: raise SystemExit("the end after %d bytes" % len(got))
                        got += more
                    except (ssl.SSLWantReadError, ssl.SSLWantWriteError): time.sleep(0.0005)
                assert got == reply
                made.setblocking(True)
                value = os.urandom(500000).hex().encode()
                made.sendall(b"*3\\r\\n$3\\r\\nSET\\r\\n$3\\r\\nbig\\r\\n$%d\\r\\n%s\\r\\n" % (len(value), value))
                assert read(made, 5) == b"+OK\\r\\n"
                ask(made, command("GET", "big"), b"$%d\\r\\n%s\\r\\n" % (len(value), value))
                """, port: daemon.tlsPort)
        }
    }

    /// A client that has said that it sends no more gets its replies, and the end: also those that are executed only
    /// when earlier ones have left.
    @Test(arguments: ["in TLS", "by its socket"], ["many", "large"])
    func whoEndsItsSideIsAnswered(_ how: String, _ replies: String) async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            _ = try stage.run(
                """
                ask(connect(), command("SET", "large", "x" * 400000), b"+OK\\r\\n")
                size, count = (1000, 1000) if sys.argv[4] == "many" else (400000, 20)
                request = command("ECHO", "x" * 1000) if sys.argv[4] == "many" else command("GET", "large")
                raw = plain()
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                made = context().wrap_bio(incoming, outgoing, server_hostname="localhost")
                while True:
                    try:
                        made.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        raw.sendall(outgoing.read())
                        incoming.write(raw.recv(65536))
                made.write(request * count)
                raw.sendall(outgoing.read())
                if sys.argv[3] == "in TLS":
                    try: made.unwrap()
                    except ssl.SSLWantReadError: pass
                    raw.sendall(outgoing.read())
                else:
                    raw.shutdown(socket.SHUT_WR)
                while more := raw.recv(65536): incoming.write(more)
                incoming.write_eof()
                reply = b"$%d\\r\\n" % size + b"x" * size + b"\\r\\n"
                got = b""
                try:
                    while more := made.read(65536): got += more
                except (ssl.SSLZeroReturnError, ssl.SSLEOFError): pass
                assert got == reply * count, len(got)
                """, port: daemon.tlsPort, how, replies)
        }
    }

    /// The daemon's end is said in TLS: a client can tell it from a connection that was cut.
    @Test func theEndIsSaid() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            _ = try stage.run(
                """
                made = connect()
                made.suppress_ragged_eofs = False
                ask(made, command("QUIT"), b"+OK\\r\\n")
                assert made.recv(100) == b""
                """, port: daemon.tlsPort)
        }
    }

    @Test func aClientThatIsKilledIsGoneAtOnce() async throws {
        try await LocalDaemon.run {
            stage.configure(&$0)
        } _: { daemon in
            _ = try stage.run(
                """
                victim, killer = connect(), connect()
                victim.sendall(command("CLIENT", "ID"))
                number = int(victim.recv(100)[1:])
                ask(killer, command("CLIENT", "KILL", "ID", number), b":1\\r\\n")
                assert rest(victim) == b""
                killer.sendall(command("CLIENT", "LIST"))
                assert b"id=%d " % number not in killer.recv(65536)
                """, port: daemon.tlsPort)
        }
    }

    // MARK: Durability

    /// Replies wait for the disk over TLS as well, and the daemon ends when they have left.
    @Test func atTheEndRepliesLeave() async throws {
        let data = try DataFolder()
        let daemon = try data.start(try stage.arguments())
        try stage.run(
            """
            made = connect()
            made.sendall(
                b"".join(command("SETEX", f"revoked:jti:{n}", 100, "logout") for n in range(3000)) + command("SHUTDOWN"))
            assert read(made, 5 * 3000) == b"+OK\\r\\n" * 3000
            assert rest(made) == b""
            """, port: daemon.port)
        #expect(try daemon.process.waitForEnd().status == 0)
        let again = try data.start()
        try again.connect().expect("DBSIZE", ":3000")
    }

    @Test func aKillLosesNothingAcknowledged() throws {
        let data = try DataFolder()
        var acknowledged = 0
        for round in 0..<4 {
            let daemon = try data.start(try stage.arguments())
            let client = try stage.start(
                """
                made = connect()
                number = int(sys.argv[3])
                while True:
                    made.sendall(b"".join(command("SETEX", f"revoked:jti:{number + n}", 10000, "logout") for n in range(7)))
                    for _ in range(7):
                        read(made, 5)
                        number += 1
                        print("acknowledged", number, ".")
                """, port: daemon.port, ["\(acknowledged)"])
            _ = try client.waitForLine(containing: "acknowledged \(acknowledged + 50 * (round + 1)) .")
            try daemon.kill()
            let output = try client.waitForEnd().output
            let last = output.matches(of: /acknowledged (\d+) \./).last.flatMap { Int($0.1) }
            acknowledged = try #require(last)
            let again = try data.start()
            let keys = (0..<acknowledged).map { "revoked:jti:\($0)" }
            let socket = try again.connect()
            for start in stride(from: 0, to: keys.count, by: 500) {
                let part = keys[start..<min(start + 500, keys.count)]
                try socket.expect(WireCommand(text: "EXISTS " + part.joined(separator: " ")), ":\(part.count)")
            }
            try again.kill()
        }
        #expect(acknowledged > 400)
    }
}
