"""hiredis' test program: plain text, a Unix socket, TLS, and both event loops. PyPI's archive of hiredis carries it."""
import re, subprocess

from comparison import HERE, PORT, Side

TITLE = "hiredis' test program"
LIST = HERE / "hiredis.txt"
SOURCES = "hiredis-[0-9]*[0-9]"
UNITS = ["test.c"]
LONGEST = 60
ENCRYPTED = PORT + 1

# What the program is changed in, for both servers: a pattern, what it becomes, how often it is there.
CHANGES = [
    # It connects to an address outside of this network.
    (r"if \(config.type == CONN_TCP [^\n]*(?=\n\s*/\* timeout can only be simulated with network \*/)", "if (0) {", 1),
    # Of these commands it wants any integer, and any array.
    (r'(redisAsyncCommand\(ac,[^\n]*)"LPUSH mylist foo"', r'\1"INCR number"', 6),
    (r'(redisAsyncCommand\(ac,[^\n]*)"LRANGE mylist 0 2"', r'\1"MGET a b c"', 1),
]


class Suite(Side):
    def build(self):
        source = self.sources / "vendor/hiredis"
        text = (source / "test.c").read_text()
        for pattern, replacement, expected in CHANGES:
            text, count = re.subn(pattern, replacement, text)
            if count != expected: raise SystemExit(f"suites: hiredis' program has {count} of {pattern}")
        (self.folder / "test.c").write_text(text)
        files = [str(file) for file in source.glob("*.c") if file.name not in ("test.c", "dict.c")]
        # PyPI's archive has no event loops: one is ours, libevent's comes from hiredis as redis-server has it.
        adapters = next(self.sources.parent.glob("redis-7.0*")) / "deps/hiredis"
        subprocess.run(
            ["cc", "-O1", "-w", "-DHIREDIS_TEST_ASYNC", "-DHIREDIS_TEST_SSL", f"-I{source}", f"-I{HERE}",
             f"-I{adapters}", "-o", str(self.folder / "program"), str(self.folder / "test.c"), *files,
             "-levent", "-lssl", "-lcrypto"], check=True)

    def certify(self):
        """A certificate of the server, which the client shows as well, and its authority."""
        def request(name, *more):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem", *more],
                cwd=self.folder, check=True, stderr=subprocess.DEVNULL)
        request("authority")
        request("server", "-CA", "authority.pem", "-CAkey", "authority.key", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:false")

    def run_unit(self, unit, skipped):
        self.build()
        self.certify()
        path = {name: str(self.folder / name) for name in ["authority.pem", "server.pem", "server.key", "socket"]}
        server = ["--unixsocket", path["socket"], "--tls-port", str(ENCRYPTED), "--tls-cert-file", path["server.pem"],
                  "--tls-key-file", path["server.key"], "--tls-ca-cert-file", path["authority.pem"]]
        # What it measures besides needs lists.
        program = ["stdbuf", "-oL", str(self.folder / "program"), "-p", str(PORT), "-s", path["socket"],
                   "--skip-throughput", "--ssl-host", "127.0.0.1", "--ssl-port", str(ENCRYPTED),
                   "--ssl-ca-cert", path["authority.pem"], "--ssl-cert", path["server.pem"],
                   "--ssl-key", path["server.key"], "--ssl-verify-name", "localhost"]
        self.read(unit, self.network(program, LONGEST, options=server))

    def read(self, unit, text):
        section, seen = "without a server", set()
        for line in text.split("\n"):
            if match := re.match(r"Testing (.*?) ?\(", line): section = match[1]
            elif match := re.match(r"#\d+ (.*?):? +(PASSED|FAILED|SKIPPED)", line):
                name = f"{section}: {match[1]}"
                while name in seen: name += " again"
                seen.add(name)
                if match[2] != "SKIPPED": self.note(unit, name, None if match[2] == "PASSED" else "FAILED")
        if "ALL TESTS PASSED" not in text and "TESTS FAILED" not in text:
            self.broken[unit] = "the program did not end: " + " ".join(text.split("\n")[-4:])[:400]
