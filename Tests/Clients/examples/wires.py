"""What stands between an API and those that it asks: a relay before the store, and an issuer's keys."""
import contextlib, http.server, json, re, socket, threading, time


class Relay:
    """Passes everything on to the store, but for what is set: the time is so many seconds ahead; some text in the replies
    is another, always or behind a write; the next reply to a check breaks off in its middle, and the connection with it; what is
    sent on new connections is swallowed."""
    ahead, always, behind_a_write, breaks_off, swallows = 0, (b"", b""), (b"", b""), False, False

    def __init__(self, store_port, port=0):
        self.store_port, self.is_written, self.swallowed = store_port, False, 0
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, store = self.listener.accept()[0], socket.create_connection(("127.0.0.1", self.store_port))
                threading.Thread(target=self.pass_on, args=(client, store, self.commands(self.swallows)), daemon=True).start()
                threading.Thread(target=self.pass_on, args=(store, client, self.reply), daemon=True).start()

    def pass_on(self, source, target, changed):
        with contextlib.suppress(OSError, EOFError):
            while data := source.recv(65_536): changed(data, target)
        for end in (source, target):
            with contextlib.suppress(OSError): end.shutdown(socket.SHUT_RDWR)

    def commands(self, swallows):
        def changed(data, store):
            self.swallowed += swallows
            self.is_written = b"SETEX" in data.upper()
            if not swallows: store.sendall(data)
        return changed

    def reply(self, data, client):
        data = data.replace(*self.always)
        if self.is_written: data = data.replace(*self.behind_a_write)
        moved = lambda found: found[1] + str(int(found[2]) + self.ahead).encode()
        if self.ahead: data = re.sub(rb"(\*2\r\n\$10\r\n)([0-9]{10})", moved, data)
        if self.breaks_off and b"\r\n*9\r\n" in data:
            self.breaks_off = False
            client.sendall(data[:data.index(b"\r\n*9\r\n") + 6] + b"$-1\r\n" * 6)  # three of its elements are missing
            raise EOFError
        client.sendall(data)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Issuer:
    """Answers with its keys; with an error if it has none; and not yet while it hangs."""
    def __init__(self, keys):
        self.keys, self.answers, issuer = keys, threading.Event(), self
        self.answers.set()
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.answers.wait(30)
                self.send_response(200 if issuer.keys else 500)
                self.end_headers()
                with contextlib.suppress(OSError): self.wfile.write(json.dumps({"keys": issuer.keys}).encode())
            def log_message(self, *_): pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/keys"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.answers.set()
        self.server.shutdown()
        self.server.server_close()


class Trickle:
    """Answers at once with the beginning of a text, and then with a byte at a time of the rest."""
    def __init__(self, beginning, rest, pause):
        self.beginning, self.rest, self.pause = beginning, rest, pause
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "http://127.0.0.1:%d/keys" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True: threading.Thread(target=self.answer, args=self.listener.accept()[:1], daemon=True).start()

    def answer(self, client):
        with contextlib.suppress(OSError), client:
            client.recv(65_536)
            client.sendall(self.beginning)
            for byte in self.rest:
                client.sendall(bytes([byte]))
                time.sleep(self.pause)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
