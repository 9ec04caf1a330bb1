import Foundation
import TestSupport
import Testing

/// What clients leave unread over TLS takes the memory that is counted for it, and is given back.
@Suite(.timeLimit(.minutes(2))) struct TLSMemoryTests {
    private let stage: TLSStage

    init() throws { stage = try TLSStage() }

    @Test(arguments: ["large", "short"]) func unreadRepliesTakeWhatIsCounted(_ replies: String) throws {
        let daemon = try DaemonProcess(try stage.arguments() + ["--threads", "2"])
        try stage.run(
            """
            def resident(): return int(open(f"/proc/{sys.argv[3]}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            def slow():
                raw = socket.socket()
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
                raw.connect(("127.0.0.1", port))
                raw.settimeout(20)
                return context().wrap_socket(raw, server_hostname="localhost")
            def counted():
                made.sendall(command("INFO", "memory"))
                text = b""
                while b"mem_clients_normal:" not in text or not text.endswith(b"\\r\\n"): text += made.recv(65536)
                return int(text.split(b"mem_clients_normal:")[1].split()[0])
            def wait(what, condition):
                end = time.time() + 20
                while not condition(now := counted()):
                    if time.time() > end: raise SystemExit(f"never {what}: {now} counted, {resident() - before} taken")

            made = slow()
            ask(made, command("SET", "big", "x" * 500000), b"+OK\\r\\n")
            reply = b"$500000\\r\\n" + b"x" * 500000 + b"\\r\\n"
            ask(made, command("GET", "big"), reply)
            clients = [slow() for _ in range(8)]
            for client in clients: ask(client, command("GET", "big"), reply)
            before = resident()
            if sys.argv[4] == "large": request, reply, least = command("GET", "big") * 30, reply * 30, 60 << 20
            else: request, reply, least = command("PING") * 800000, b"+PONG\\r\\n" * 800000, 10 << 20
            for client in clients: client.sendall(request)
            wait("all counted", lambda now: now > least and now == counted())
            waiting, taken = counted(), resident() - before
            assert taken < 1.3 * waiting + (8 << 20), (waiting, taken)
            for client in clients:
                if read(client, len(reply)) != reply: raise SystemExit("wrong replies")
            assert counted() < 1 << 20, counted()
            wait("given back", lambda now: resident() - before < 16 << 20)
            """, port: daemon.port, "\(daemon.process.identifier)", replies, within: 100)
    }
}
