"""Plays the upgrade of Operating.md with real processes: a release before this one, then the daemon of this one, then its nodes.

Usage: play.py OLD NEW (paths of the two `revoked` binaries). Python 3, standard library only. Exit status 1 names what did not hold.
"""
import base64, http.client, json, os, shutil, signal, socket, subprocess, sys, tempfile, time

OLD, NEW = (os.path.abspath(path) for path in sys.argv[1:3])
DIR = tempfile.mkdtemp(prefix="revoked-upgrade-")
PASSWORD = "correct horse"
running = {}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


PORT, ADMIN = free_port(), free_port()
NODES = {"a": (free_port(), free_port()), "b": (free_port(), free_port())}
STORE = f"redis://127.0.0.1:{PORT}"


def run(binary, *args, text=None):
    done = subprocess.run([binary, *args], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{args[0]} {args[1]} failed: {done.stdout} {done.stderr}"
    return done.stdout


def start(name, binary, *args):
    log = open(f"{DIR}/{name}.log", "ab")
    running[name] = subprocess.Popen([binary, *args], stdout=log, stderr=log, cwd=DIR)


def stop(name, how=signal.SIGTERM):
    process = running.pop(name)
    process.send_signal(how)
    process.wait(timeout=30)


def request(port, method, path, body=None, token=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def eventually(what, question, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if question():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


def hold(what, condition, seen=""):
    assert condition, f"{what}: {seen}" if seen else what
    print(f"  holds: {what}")


def daemon(binary):
    start("daemon", binary, "serve", "--port", str(PORT), "--dir", f"{DIR}/data", "--http", f"127.0.0.1:{ADMIN}")
    eventually("the daemon is ready", lambda: request(ADMIN, "GET", "/readyz")[0] == 200)


def node(name, binary, *more):
    port, admin = NODES[name]
    start(name, binary, "node", "run", "--port", str(port), "--backend", STORE, "--keys", f"{DIR}/key.pem",
          "--users", f"{DIR}/users", "--http", f"127.0.0.1:{admin}", *more)
    ready(name)


def ready(name):
    eventually(f"node {name} is ready", lambda: request(NODES[name][0], "GET", "/readyz")[0] == 200)


def log_in(name, user):
    status, text = request(NODES[name][0], "POST", "/login", {"username": user, "password": PASSWORD})
    assert status == 200, f"log-in on {name}: {status} {text}"
    return json.loads(text)


def status_of(name, pair):
    return request(NODES[name][0], "GET", "/me", token=pair["access_token"])[0]


def refresh(name, pair):
    status, text = request(NODES[name][0], "POST", "/refresh", {"refresh_token": pair["refresh_token"]})
    return status, json.loads(text) if status == 200 else text


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def header(token):
    part = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def epoch():
    with socket.create_connection(("127.0.0.1", PORT)) as s:
        s.sendall(b"GET revoked.epoch\r\n")
        return s.recv(256)


def metric(port, name):
    lines = [line for line in request(port, "GET", "/metrics")[1].splitlines() if line.startswith(name)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def play():
    run(OLD, "node", "make-key", f"{DIR}/key.pem")
    for user in ("alice", "bob", "carol", "dave"):
        run(OLD, "node", "add-user", "--users", f"{DIR}/users", user, text=PASSWORD + "\n")

    print("The release before: a daemon and two nodes, with revocations of every scope that it has.")
    daemon(OLD)
    node("a", OLD)
    node("b", OLD)
    logged_out, good, everywhere, cut_off = (log_in("a", user) for user in ("alice", "alice", "bob", "carol"))
    assert request(NODES["a"][0], "POST", "/logout", {}, logged_out["access_token"])[0] in (200, 204)
    assert request(NODES["b"][0], "POST", "/logout-everywhere", {}, everywhere["access_token"])[0] in (200, 204)
    run(OLD, "revoke", "--backend", STORE, "--subject", "carol")
    revoked = [logged_out, everywhere, cut_off]

    def revocations_hold(when):
        for name in NODES:
            answers = [status_of(name, pair) for pair in revoked]
            hold(f"{when}: node {name} refuses every revoked token", answers == [401] * len(revoked))
            hold(f"{when}: node {name} accepts a good one", status_of(name, good) == 200)

    revocations_hold("before")
    pinned = epoch()

    print("The daemon first.")
    stop("daemon")
    daemon(NEW)
    for name in NODES:
        ready(name)
    hold("the denylist is the same one: its epoch has not changed", epoch() == pinned)
    revocations_hold("new daemon, old nodes")
    revoked.append(log_in("b", "dave"))
    assert request(NODES["b"][0], "POST", "/logout", {}, revoked[-1]["access_token"])[0] in (200, 204)
    revocations_hold("a log-out on an old node")
    seen = request(ADMIN, "GET", "/readyz")
    hold("/readyz of the daemon names what older nodes do not look up", "older" in seen[1], seen)

    print("Then one node.")
    stop("a")
    node("a", NEW)
    revocations_hold("one new node")
    status, pair = refresh("a", good)
    assert status == 200, f"a refresh token of the release before: {status} {pair}"
    hold("a session of the release before goes on, with the time of its token as its log-in time",
         abs(claims(pair["access_token"])["auth_time"] - claims(good["refresh_token"])["iat"]) < 0.0011)
    good.update(pair)
    revocations_hold("a refreshed session")
    third = log_in("a", "dave")
    assert request(NODES["a"][0], "POST", "/logout-everywhere", {}, third["access_token"])[0] in (200, 204)
    revoked.append(third)
    revocations_hold("everywhere, from a new node")

    print("Then the other.")
    stop("b")
    node("b", NEW)
    revocations_hold("two new nodes")
    eventually("/readyz of the daemon is content", lambda: "older" not in request(ADMIN, "GET", "/readyz")[1])
    stop("daemon", signal.SIGKILL)
    daemon(NEW)
    for name in NODES:
        ready(name)
    hold("kill -9 later it is still the same denylist", epoch() == pinned)
    revocations_hold("after kill -9")
    run(NEW, "revoke", "--backend", STORE, "--kid", header(good["access_token"])["kid"])
    hold("a revoked signing key: none of its tokens passes any more",
         [status_of(name, good) for name in NODES] == [401, 401])


try:
    play()
    print("The upgrade forgets nothing.")
except AssertionError as error:
    print(f"The upgrade failed: {error}", file=sys.stderr)
    for name in ("daemon", *NODES):
        path = f"{DIR}/{name}.log"
        if os.path.exists(path):
            print(f"--- {name}\n" + open(path).read()[-2000:], file=sys.stderr)
    sys.exit(1)
finally:
    for process in running.values():
        process.kill()
        process.wait()
    shutil.rmtree(DIR, ignore_errors=True)
