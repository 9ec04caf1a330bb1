"""A stock server copies the daemon, and either side is restarted again and again under load: in the end it has the same
keys, none of which ends earlier, and it never copied the whole table where it could go on.

Usage: replicas.py REVOKED [options]; REVOKED is the path of the binary. Exit status 1 names what did not hold.
  --replica PROGRAM    redis-server, or valkey-server
  --restarts N         of either side, at random, by SIGTERM or SIGKILL
  --appendfsync WHAT   of the daemon
  --rewrites           the log is rewritten meanwhile, so that some positions are gone
  --secure             over TLS, and as the user `replica` with a password
  --full               the daemon's disk is a small tmpfs, which is full for a while (as root)
  --seed N
"""
import argparse, os, random, shutil, signal, socket, subprocess, sys, tempfile, threading, time, uuid

import redis

options = argparse.ArgumentParser()
options.add_argument("revoked")
options.add_argument("--replica", default="redis-server")
options.add_argument("--restarts", type=int, default=30)
options.add_argument("--appendfsync", default="everysec")
options.add_argument("--rewrites", action="store_true")
options.add_argument("--secure", action="store_true")
options.add_argument("--full", action="store_true")
options.add_argument("--seed", type=int, default=1)
options = options.parse_args()
chance = random.Random(options.seed)
work = tempfile.mkdtemp(prefix="revoked-replicas-")
data = f"{work}/data"
PASSWORD = "correct horse"
OWN = {b"revoked.epoch", b"revoked.terms", b"revoked.accepted"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A process that is started again on the same port and files."""

    def __init__(self, name, port, command):
        self.name, self.port, self.command, self.process = name, port, command, None

    def start(self):
        log = open(f"{work}/{self.name}.log", "ab")
        self.process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=work)
        eventually(f"{self.name} answers", lambda: self.ask("PING"))

    def stop(self, how):
        self.process.send_signal(how)
        self.process.wait(timeout=60)

    def client(self, db=0):
        user = ("admin", PASSWORD) if options.secure and self is daemon else (None, None)
        return redis.Redis(port=self.port, db=db, socket_timeout=10, username=user[0], password=user[1])

    def ask(self, *words):
        with self.client() as client:
            return client.execute_command(*words)

    def info(self, field):
        with self.client() as client:
            return client.info()[field]


def eventually(what, question, seconds=60):
    end, last = time.monotonic() + seconds, None
    while time.monotonic() < end:
        try:
            if question():
                return
        except redis.RedisError as error:
            last = error
        time.sleep(0.02)
    raise SystemExit(f"replicas: not {what} within {seconds} s: {last} (logs in {work})")


def certificate():
    run = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=work)
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")


port, tls_port = free_port(), free_port()
serve = [os.path.abspath(options.revoked), "serve", "--port", f"{port}", "--dir", data, "--http", "off",
         "--appendfsync", options.appendfsync]
follow = ["--replicaof", "127.0.0.1", f"{port}"]
if options.secure:
    certificate()
    serve += ["--tls-port", f"{tls_port}", "--tls-cert-file", f"{work}/cert.pem", "--tls-key-file", f"{work}/key.pem",
              "--tls-auth-clients", "no", "--replica-password", PASSWORD, "--admin-password", PASSWORD]
    follow = ["--replicaof", "127.0.0.1", f"{tls_port}", "--tls-replication", "yes", "--tls-ca-cert-file",
              f"{work}/cert.pem", "--tls-cert-file", f"{work}/cert.pem", "--tls-key-file", f"{work}/key.pem",
              "--masteruser", "replica", "--masterauth", PASSWORD]
os.mkdir(f"{work}/copy")
os.mkdir(data)
if options.full:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", data], check=True)
replica_port = free_port()
daemon = Server("daemon", port, serve)
# SIGTERM saves the copy with its position, so that the replica goes on after a restart.
replica = Server("replica", replica_port, [
    shutil.which(options.replica) or options.replica, "--port", f"{replica_port}", "--dir", f"{work}/copy",
    "--save", "3600 1", "--appendonly", "no", "--repl-timeout", "10", "--repl-diskless-load", "disabled"] + follow)


class Load(threading.Thread):
    """Writes until it is ended. What is answered by an error, or by nobody, may have been written or not."""

    def __init__(self, number):
        super().__init__(daemon=True)
        self.chance, self.ended, self.written = random.Random(options.seed * 100 + number), False, 0

    def run(self):
        keys = []
        while not self.ended:
            try:
                with daemon.client() as client:
                    while not self.ended:
                        self.step(client, keys)
                        time.sleep(0.001)
            except redis.RedisError:
                time.sleep(0.05)

    def step(self, client, keys):
        pipeline = client.pipeline(transaction=self.chance.random() < 0.2)
        for _ in range(self.chance.randint(1, 8)):
            key = f"{self.chance.choice(['revoked:jti', 'revoked:sid', 'plain'])}:{uuid.uuid4()}"
            pipeline.setex(key, self.chance.choice([3, 60, 3600]), "logout")
            keys.append(key)
            if self.chance.random() < 0.3:
                pipeline.delete(keys.pop(self.chance.randrange(len(keys))))
        for answer in pipeline.execute(raise_on_error=False):
            if isinstance(answer, redis.ResponseError):
                raise answer
            self.written += 1


def is_level():
    position = daemon.info("master_repl_offset")
    return replica.info("master_link_status") == "up" and replica.info("slave_repl_offset") == position


def entries(server):
    """Keys of database 0 with value and expiry: what has an expiry may be gone before the next question."""
    found = {}
    with server.client() as client:
        for key in client.scan_iter(count=1000):
            if key not in OWN:
                found[key] = (client.get(key), client.execute_command("PEXPIRETIME", key))
    return found


def compare():
    eventually("the replica has everything", is_level)
    # What ends meanwhile is at one of them, or at neither.
    soon = (time.time() + 30) * 1000
    ours, theirs = (
        {key: entry for key, entry in entries(server).items() if entry[1] > soon} for server in (daemon, replica))
    early = {key for key, (value, expiry) in ours.items()
             if key not in theirs or theirs[key][0] != value or theirs[key][1] < expiry}
    # One that is shifted lives a little longer there.
    late = {key for key in theirs if key not in ours and theirs[key][1] > soon + 5_000}
    if early or late or not ours:
        raise SystemExit(f"replicas: of {len(ours)} entries {len(early)} are missing, differ or end earlier, and "
                         f"{len(late)} are there too many")
    return len(ours)


counts = {"sync_full": 0, "sync_partial_ok": 0, "rewrites": 0, "killed replicas": 0}


def count():
    """Before the daemon forgets it."""
    for name in ("sync_full", "sync_partial_ok"):
        counts[name] += daemon.info(name)


def restart(round):
    server, how = chance.choice([daemon, replica]), chance.choice([signal.SIGTERM, signal.SIGKILL])
    if options.rewrites and chance.random() < 0.3:
        daemon.ask("BGREWRITEAOF")
        counts["rewrites"] += 1
    time.sleep(chance.uniform(0, 0.5))
    if server is daemon:
        count()
    elif how == signal.SIGKILL:
        counts["killed replicas"] += 1
    server.stop(how)
    time.sleep(chance.uniform(0, 0.5))
    server.start()
    # Most times, both go on together for a while.
    if chance.random() < 0.7:
        eventually("the replica is connected", lambda: replica.info("master_link_status") == "up")
    if round % 10 == 9:
        print(f"{round + 1} restarts, {sum(load.written for load in loads)} writes", flush=True)


def fill():
    """The disk is full, and has room again."""
    with open(f"{data}/ballast", "wb") as ballast:
        try:
            while True:
                ballast.write(bytes(1 << 16))
                ballast.flush()
        except OSError:
            pass
    eventually("writes are refused", lambda: refuses(), 30)
    os.remove(f"{data}/ballast")
    eventually("writes are accepted again", lambda: daemon.ask("SETEX", "plain:room", "3600", "1"), 30)


def refuses():
    try:
        daemon.ask("SETEX", f"plain:{uuid.uuid4()}", "60", "x" * 100_000)
        return False
    except redis.ResponseError:
        return True


loads = [Load(number) for number in range(2)]
try:
    daemon.start()
    replica.start()
    eventually("the replica is connected", lambda: replica.info("master_link_status") == "up")
    for load in loads:
        load.start()
    for round in range(options.restarts):
        restart(round)
        if options.full and round == options.restarts // 2:
            fill()
    for load in loads:
        load.ended = True
        load.join()
    compared = compare()
    count()
    print(f"{options.restarts} restarts: {compared} entries are equal; {counts}")
    allowed = 1 + counts["rewrites"] + counts["killed replicas"]
    if counts["sync_full"] > allowed:
        raise SystemExit(f"replicas: {counts['sync_full']} whole copies where {allowed} are needed at most (in {work})")
    if counts["sync_partial_ok"] == 0:
        raise SystemExit("replicas: nobody ever went on where it was")
except BaseException:
    for server in (server for server in (daemon, replica) if server.process):
        print(f"--- {server.name}", *open(f"{work}/{server.name}.log").read().splitlines()[-15:], sep="\n", file=sys.stderr)
    raise
finally:
    for server in (daemon, replica):
        if server.process and server.process.poll() is None:
            server.process.kill()
            server.process.wait()
    if options.full:
        subprocess.run(["umount", data], check=False)
shutil.rmtree(work)
