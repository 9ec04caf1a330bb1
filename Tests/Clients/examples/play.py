"""The APIs of docker/examples beside a node of ours, on one denylist: a token logged out in one is refused in all.

    play.py BINARY

BINARY is `revoked`. Debian's packages: those that docker/examples/README.md names, and redis-server."""
import base64, concurrent.futures, contextlib, http.client, json, os, pathlib, re, resource, signal, socket, subprocess, sys
import tempfile, threading, time, unittest.mock, urllib.error, urllib.request, uuid

import jwt, redis

sys.dont_write_bytecode = True
from wires import Issuer, Relay, Trickle

BINARY = sys.argv[1]
TREE = pathlib.Path(__file__).resolve().parents[3]
EXAMPLES, VECTORS = TREE / "docker/examples", TREE / "Tests/ContractTests/Vectors/contract.json"
CREDENTIALS = json.dumps({"username": "alice", "password": "correct horse"}).encode()
started = []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(name, *command, folder=None, **environment):
    with open(FOLDER / (name + ".log"), "ab") as log:
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, **{key: str(value) for key, value in environment.items()}})
    started.append(process)
    return process


def stop(process, how=signal.SIGTERM):
    """A server has processes of its own, in its group."""
    if process.poll() is None:
        os.killpg(process.pid, how)
        process.wait()


def ask(address, path, token=None, method="GET", body=None):
    headers = {"Authorization": "Bearer " + token} if token else {}
    request = urllib.request.Request(address + path, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer: return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer: return answer.code, answer.headers, answer.read()


def await_(what, is_so, seconds=20):
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, redis.RedisError):
            if is_so(): return
        if time.monotonic() > end: raise SystemExit("examples: " + what)
        time.sleep(0.05)


def status(address, token): return ask(address, "/me", token)[0]


def expect(wanted, token, what):
    for name, address in services.items():
        found, headers, body = ask(address, "/me", token)
        assert found == wanted, f"{name} answers {found}, not {wanted}: {what}; {body[:200]}"
        if found == 503: assert headers["Retry-After"], f"{name} does not say when to try again: {what}"
        if found == 401: assert "Bearer" in headers["WWW-Authenticate"], f"{name} has no challenge: {what}"


def log_in():
    code, _, body = ask(services["node"], "/login", method="POST", body=CREDENTIALS)
    assert code == 200, body
    return json.loads(body)


def log_out(name, token): return ask(services[name], "/logout", token, "POST")


# The programs.

def play_vectors():
    """Each middleware finds what the contract expects, and notices an example that is another."""
    changed = FOLDER / "changed.json"
    changed.write_text(VECTORS.read_text().replace('"expected": "clear"', '"expected": "revoked"', 1))
    for program, name in (("/usr/bin/python3", "vectors.py"), ("node", "vectors.js"), ("php", "vectors.php")):
        command = [program, str(TREE / "Tests/Clients/examples" / name)]
        subprocess.run([*command, str(VECTORS), str(EXAMPLES)], check=True)
        failed = subprocess.run([*command, str(changed), str(EXAMPLES)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert failed.returncode == 1, name + " does not notice a changed example"


def count_lines():
    """What everyone has to write is short: without blank lines, comments and closing brackets."""
    aside = re.compile(r'\s*([\]})]+[;,]*|(//|#|"""|<\?php).*)?$')
    for path in ("python/denylist.py", "express/denylist.js", "php/Denylist.php"):
        lines = [line for line in (EXAMPLES / path).read_text().splitlines() if not aside.match(line)]
        assert 30 < len(lines) <= 60, f"{path} has {len(lines)} lines"


def start_store(folder="store", port=None):
    """With a data directory of its own, on the port that all services ask unless another is given."""
    store = start("store", BINARY, "serve", "--port", port or PORT, "--dir", FOLDER / folder, "--http", "off")
    await_("the store does not answer", redis.Redis(port=port or PORT, socket_timeout=2).ping)
    return store


def start_node():
    run = lambda *arguments, **options: subprocess.run(
        [BINARY, "node", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, **options)
    run("make-key", FOLDER / "key.pem")
    run("add-user", "--users", FOLDER / "users", "alice", input=b"correct horse\n")
    port = free_port()
    start("node", BINARY, "node", "--port", port, "--backend", f"redis://127.0.0.1:{PORT}", "--keys", FOLDER / "key.pem",
          "--users", FOLDER / "users", "--state-file", FOLDER / "node.state", "--http", "off")
    return f"http://127.0.0.1:{port}"


def start_api(name, **settings):
    port = free_port()
    environment = {"DENYLIST_URL": f"redis://127.0.0.1:{PORT}", "DENYLIST_STATE_FILE": FOLDER / (name + ".state"),
                   "JWKS_URL": services["node"] + "/.well-known/jwks.json", **settings}
    if name in ("flask", "django"):
        application = {"flask": "flask_app:app", "django": "django_app:application"}[name]
        command = ["gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", 2, "--threads", 4, application]
        start(name, *command, folder=EXAMPLES / "python", PYTHONDONTWRITEBYTECODE=1, **environment)
    elif name == "express":
        start(name, "node", "app.js", folder=EXAMPLES / name, NODE_PATH="/usr/share/nodejs", PORT=port, **environment)
    else:
        # As without a php.ini: warnings are shown, and go out at once. No worker remembers what a path was: whether one
        # did would decide what it finds in a state file's place.
        options = ("display_errors=1", "output_buffering=0", "realpath_cache_size=0")
        start(name, "php", *(word for option in options for word in ("-d", option)), "-S", f"127.0.0.1:{port}", "index.php",
              folder=EXAMPLES / name, PHP_CLI_SERVER_WORKERS=4, **environment)
    return f"http://127.0.0.1:{port}"


# What is played.

def log_outs():
    for name in services:
        session, other = log_in(), log_in()
        token = session["access_token"]
        expect(200, token, "a new token")
        assert log_out(name, token)[0] == 200, name
        expect(401, token, "logged out at " + name)
        expect(200, other["access_token"], "another session")
        assert log_out(name, token)[0] == 200, name + ": a log-out may be repeated"
        # Its session ends, too.
        body = json.dumps({"refresh_token": session["refresh_token"]}).encode()
        assert ask(services["node"], "/refresh", method="POST", body=body)[0] in (400, 401), name
    token = log_in()["access_token"]
    subprocess.run([BINARY, "revoke", "--subject", "alice", "--backend", f"redis://127.0.0.1:{PORT}"], check=True,
                   stdout=subprocess.DEVNULL)
    expect(401, token, "logged out everywhere")
    for name, address in services.items():
        challenge = ask(address, "/me", token)[1]["WWW-Authenticate"]
        assert "insufficient_user_authentication" in challenge and "max_age=0" in challenge, (name, challenge)
    return log_in()["access_token"], token


def mint(header=None, key=None, **claims):
    """A token as the node's, but for what is given. None takes one away."""
    now = time.time()
    own = {"iss": "revoked", "aud": "revoked", "sub": "alice", "jti": os.urandom(8).hex(), "sid": os.urandom(8).hex(),
           "client_id": "revoked", "iat": now, "auth_time": now, "exp": int(now) + 900, **claims}
    headers = {name: value for name, value in {"typ": "at+jwt", "kid": KID, **(header or {})}.items() if value is not None}
    algorithm = headers.get("alg", "ES256")
    own = {name: claim for name, claim in own.items() if claim is not None}
    return jwt.encode(own, key or ("secret" if algorithm == "HS256" else None if algorithm == "none" else KEY), algorithm, headers)


def refusals(live):
    """What a thief or a clumsy issuer would send."""
    now = int(time.time())
    expect(200, mint(), "a token as the node's")
    expect(401, None, "no token")
    expect(401, "x.y.z", "no JWT")
    expect(401, live[:-10] + ("A" if live[-10] != "A" else "B") + live[-9:], "another signature")
    expect(401, mint({"typ": "rt+jwt"}), "a refresh token")
    expect(401, mint({"typ": "JWT"}), "another type")
    expect(401, mint({"alg": "none"}), "no signature")
    expect(401, mint({"alg": "HS256"}), "another algorithm")
    expect(401, mint({"kid": "another"}), "an unknown key")
    expect(401, mint(iss="another"), "another issuer")
    expect(401, mint(aud="another"), "another audience")
    expect(401, mint(aud=None), "no audience")
    expect(401, mint(exp=now - 30, iat=now - 60), "an expired token")
    others = [name for name in services if name != "node"]
    for token, what in ((mint(exp=now + 31 * 86_400), "it lives longer than revocations are kept"),
                        (mint(exp=1e300), "it lives for ever"),
                        *((mint(auth_time=now + ahead), "its user logs in later") for ahead in (40, 1_000_000, 1e18, 1e300)),
                        *((mint(iat=now + ahead, auth_time=log_in, exp=now + ahead + 900), "it is issued later")
                          for ahead in (40, 1_000_000, 1e18, 1e300) for log_in in (None, now, now + ahead)),
                        (mint(jti=None, sid=None, sub="", client_id=None), "nothing could name it"),
                        (mint(exp=None), "no exp"), (mint(iat=None), "no iat")):
        for name in others: assert status(services[name], token) in (401, 503), (name, what)


def no_keys(live):
    """A token that may or may not be genuine."""
    node = services["node"]
    for where in (f"http://127.0.0.1:{free_port()}/keys", node + "/healthz"):
        others = {name: start_api(name, JWKS_URL=where, DENYLIST_STATE_FILE=FOLDER / "another.state") for name in apis}
        for name, address in others.items():
            await_(name + " does not answer", lambda: ask(address, "/me")[0] == 401)
            code, headers, _ = ask(address, "/me", live)
            assert code == 503 and headers["Retry-After"], f"{name} answers {code} without keys"
        for process in started[-len(apis):]: stop(process)


def slow_keys(live):
    """Keys that come a byte at a time, for half a minute, hold nobody up for longer than a few seconds."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    for beginning, rest in ((head + b"\r\n", b" " * 150), (head, b"X-Slow: " + b"a" * 150)):
        trickle = Trickle(beginning, rest, 0.2)
        others = {name: start_api(name, JWKS_URL=trickle.address, DENYLIST_STATE_FILE=FOLDER / "another.state") for name in apis}
        for name, address in others.items():
            await_(name + " does not answer", lambda: ask(address, "/me")[0] == 401)
        def judge(name):
            start, code = time.monotonic(), None
            with contextlib.suppress(OSError): code = ask(others[name], "/me", live)[0]
            assert code == 503 and time.monotonic() - start < 8, f"{name} answers {code} after {time.monotonic() - start:.1f} s"
        with concurrent.futures.ThreadPoolExecutor(len(apis)) as pool: list(pool.map(judge, apis))
        for process in started[-len(apis):]: stop(process)
        trickle.close()


def long_lives():
    """What lives longer than the store keeps a revocation is refused for good, and may be logged out nevertheless."""
    for name in services:
        for exp in (time.time() + 399 * 86_400, int(time.time()) + 500 * 86_400, 1e300):
            jti = os.urandom(8).hex()
            found = log_out(name, mint(jti=jti, exp=exp))
            if exp == 1e300 and found[0] in (401, 503): continue  # a library knows no such date: the token is no good
            assert found[0] == 200, f"{name}, a log-out of a token until {exp}: {found[0]}"
            assert 398 * 86_400 < connection.ttl("revoked:jti:" + jti) <= 400 * 86_400, name


def two_headers(live):
    """Which of them another program believes is not known."""
    for name in apis:
        for first, second in (live, "x"), ("x", live), (live, live):
            connection = http.client.HTTPConnection(services[name].partition("//")[2], timeout=10)
            connection.putrequest("GET", "/me")
            for token in (first, second): connection.putheader("Authorization", "Bearer " + token)
            connection.endheaders()
            assert connection.getresponse().status in (400, 401), name + " believes one of two headers"
            connection.close()


def damage(live):
    """Headers that are none are refused, and neither the answer nor the log tells what was in them."""
    part = lambda text: base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
    deep = "[" * 2_000 + "]" * 2_000
    unsigned = ("a,,x", "a,b", ",", live + ",,x", "\xff", "a b", "..", "...", part(deep) + ".a.a", part("{}") + f".{part(deep)}.a",
                part('{"typ":"at+jwt","alg":"ES256","kid":%s}' % deep) + ".e30.a", part('{"a":' * 1_100) + ".e30.a",
                part('{"typ":"at+jwt","alg":"ES256","kid":5}') + ".e30.a")
    clumsy = (mint(sub=json.loads(deep[1_600:2_400])), mint(jti={"a": 1}), mint(auth_time="x"), mint(exp=-1e300))
    for token, path in [(token, path) for token in unsigned for path in ("/me", "/logout")] + [(token, "/me") for token in clumsy]:
        for name in apis:
            code, _, body = ask(services[name], path, token, "GET" if path == "/me" else "POST")
            assert code in (401, 503) and b"Traceback" not in body, f"{name}, {path}: {code} to {token[:60]}"
    for name in apis:
        log = (FOLDER / (name + ".log")).read_text()
        assert "Traceback" not in log and "    at " not in log and live not in log, name


def withdrawn_keys(issuer):
    """Flask's and Django's: they are not good for longer while the issuer cannot be asked. The clock is passed."""
    sys.path.insert(0, str(EXAMPLES / "python"))
    import service
    begin, own, keys = time.monotonic(), issuer.keys, service.Keys(issuer.address)
    def is_good(ahead):
        with unittest.mock.patch("time.monotonic", lambda: begin + ahead):
            try: return bool(keys.get_signing_key(KID))
            except service.KeysUnavailable: return None
            except jwt.PyJWKClientError: return False
    assert is_good(0)
    issuer.keys = None
    assert is_good(299), "a known key while the issuer is away"
    for ahead in range(311, 700, 3): assert is_good(ahead) is None, f"a key that was read {ahead} s ago"
    issuer.keys = [{**own[0], "kid": "another"}]
    assert is_good(720) is False, "a key that was withdrawn"
    issuer.keys = own
    assert is_good(740)


def kept_keys(issuer, live):
    """PHP's, in their file: one that is torn or of another time is read again. One request at most waits for the issuer."""
    file, own = FOLDER / "kept.state.keys", issuer.keys
    address = start_api("php", JWKS_URL=issuer.address, DENYLIST_STATE_FILE=FOLDER / "kept.state")
    await_("PHP does not read the keys", lambda: status(address, live) == 200)
    def found(age, keys):
        """With a file of that age, and an issuer who has these keys and was asked long ago."""
        issuer.keys = keys
        for each in (file, FOLDER / "kept.state.keys.asked"): each.touch()
        for each, seconds in ((file, age), (FOLDER / "kept.state.keys.asked", 20)): os.utime(each, (time.time() - seconds,) * 2)
        return status(address, live)
    withdrawn = [{**own[0], "kid": "another"}]
    assert found(20, withdrawn) == 200, "a known key is not asked for"
    assert found(301, None) == 503 and found(302, None) == 503 and status(address, live) == 200, "the issuer is away for a moment"
    assert found(320, None) == 503 and status(address, live) == 503, "keys that were read long ago"
    for age in (320, -20, -86_400):
        assert found(age, withdrawn) == 401, f"a withdrawn key in a file that is {age} s old"
        assert found(320, own) == 200
    for torn in ("", "{", "[]", '{"keys":'):
        file.write_text(torn)
        assert found(1, own) == 200, "a torn file"
    assert found(20, own) == 200
    issuer.answers.clear()
    with concurrent.futures.ThreadPoolExecutor(8) as thieves:
        asked = [thieves.submit(status, address, mint({"kid": "another"})) for _ in range(8)]
        done, _ = concurrent.futures.wait(asked, timeout=3)
        issuer.answers.set()
        assert len(done) > 3, "requests that name unknown keys wait for the issuer"
        assert {each.result() for each in asked} <= {401, 503}
    stop(started[-1])


def no_store(live):
    """What the language or the library says of it never makes an answer good."""
    for url in (f"rediss://127.0.0.1:{PORT}", f"redis://127.0.0.1:{free_port()}", "redis://store.invalid:1"):
        for name in apis:
            address = start_api(name, DENYLIST_URL=url)
            await_(name + " does not answer", lambda: ask(address, "/me")[0] == 401)
            for code, headers, _ in (ask(address, "/me", live), ask(address, "/logout", live, "POST")):
                assert code == 503 and headers["Retry-After"], f"{name} answers {code} with the store at {url}"
            stop(started[-1])


def certificates(live):
    """One of the system's authorities vouches for the store only by its name."""
    run = lambda *command: subprocess.run(["openssl", *map(str, command)], check=True, stderr=subprocess.DEVNULL)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2)
    ca, pem = FOLDER / "ca.pem", FOLDER / "store.pem"
    run("req", "-x509", *key, "-subj", "/CN=authority", "-keyout", FOLDER / "ca.key", "-out", ca)
    plain, encrypted = free_port(), free_port()
    url = f"rediss://127.0.0.1:{encrypted}"
    for its_name, wanted in (("IP:127.0.0.1", 200), ("DNS:store.example", 503)):
        run("req", "-x509", *key, "-subj", "/CN=store", "-CA", ca, "-CAkey", FOLDER / "ca.key", "-keyout", FOLDER / "store.key",
            "-addext", "subjectAltName=" + its_name, "-addext", "basicConstraints=critical,CA:false", "-out", pem)
        server = start("tls", BINARY, "serve", "--port", plain, "--tls-port", encrypted, "--tls-cert-file", pem,
                       "--tls-key-file", FOLDER / "store.key", "--tls-auth-clients", "no", "--dir", FOLDER / "tls", "--http", "off")
        other = redis.Redis(port=plain, socket_timeout=2)
        await_("the store does not answer", other.ping)
        other.set("revoked.terms", connection.get("revoked.terms"))
        for name in apis:
            for authorities in ({"SSL_CERT_FILE": ca, "NODE_EXTRA_CA_CERTS": ca}, {"DENYLIST_CA_FILE": ca}):
                address = start_api(name, DENYLIST_URL=url, DENYLIST_STATE_FILE=FOLDER / (name + ".tls.state"), **authorities)
                await_(name + " does not answer", lambda: ask(address, "/me")[0] == 401)
                if wanted == 200: await_(name + " does not connect", lambda: status(address, live) == 200)
                assert status(address, live) == wanted, f"{name}, {list(authorities)}: the store is {its_name}"
                stop(started[-1])
        stop(server)


def no_log_outs(what):
    """Of tokens of their own: it is not known then whether those are revoked."""
    for name in services:
        code, headers, _ = log_out(name, mint())
        assert code == 503 and headers["Retry-After"], f"{name}, a log-out: {what}"


def outage(live, dead):
    """Nothing is let through while the store is away or silent, and nothing is forgotten."""
    global store
    stop(store, signal.SIGKILL)
    expect(503, live, "the store is away")
    no_log_outs("the store is away")
    store = start_store()
    for name, address in services.items(): await_(name + " goes on", lambda: status(address, live) == 200)
    expect(401, dead, "logged out before the outage")
    os.killpg(store.pid, signal.SIGSTOP)
    os.waitpid(store.pid, os.WUNTRACED)
    begin = time.monotonic()
    expect(503, live, "the store is silent")
    assert time.monotonic() - begin < 5 * len(services), "a silent store holds requests up"
    os.killpg(store.pid, signal.SIGCONT)
    for name, address in services.items(): await_(name + " goes on", lambda: status(address, live) == 200)
    expect(401, dead, "logged out before the silence")


def wrong_answers(live, dead):
    """Where the store's clock and a verifier's differ by more than 30 s nothing is proven, but a revocation counts."""
    global store
    stop(store)
    port = free_port()
    store = start_store(port=port)
    relay = Relay(port, PORT)
    for name in apis: await_(name + " goes on", lambda: status(services[name], live) == 200)
    for relay.ahead, wanted in ((40, 503), (-40, 503), (20, 200)):
        for name in apis:
            assert status(services[name], live) == wanted, f"{name}: a clock {relay.ahead} s ahead"
            assert status(services[name], dead) == 401, name + ": revoked, whatever the clocks say"
            assert log_out(name, dead)[0] == 200, name + ": a revocation needs no clock but the store's"
    # What another store took, or was reckoned from other terms, is not acknowledged.
    for old, new in ((store_epoch().encode(), str(uuid.uuid4()).encode()), (b"2592000000", b"2592000001")):
        relay.behind_a_write = (old, new)
        for name in apis: assert log_out(name, mint())[0] == 503, f"{name}: a log-out with {new} behind it"
    relay.behind_a_write = (b"", b"")
    odd_replies(relay)
    relay.close()
    stop(store)
    store = start_store()


def odd_replies(relay):
    """An error in the place of a value says nothing of the key. A reply that lacks one says nothing at all."""
    token = mint(jti="odd")
    connection.setex("revoked:jti:odd", 600, "logout")
    for new in (b"*9\r\n-ERR away\r\n", b"*8\r\n", b"*10\r\n$-1\r\n$6\r\nlogout\r\n"):
        relay.always = (b"*9\r\n$6\r\nlogout\r\n", new)
        for name in apis:
            found = status(services[name], token)
            assert found in (401, 503), f"{name} answers {found}, revoked, to {new}"
            relay.always, always = (b"", b""), relay.always
            await_(name + " goes on", lambda: status(services[name], token) == 401)
            relay.always = always
    relay.always = (b"", b"")


def stock_server(live, dead):
    """Redis is believed if it has the same epoch, and not before."""
    global store
    own = {"revoked.epoch": store_epoch(), "revoked.terms": connection.get("revoked.terms")}
    sid = jwt.decode(dead, options={"verify_signature": False})["sid"]
    stop(store)
    store = start("redis", "redis-server", "--port", PORT, "--save", "")
    await_("Redis does not answer", connection.ping)
    connection.set("revoked.terms", own["revoked.terms"])
    expect(503, live, "a store without an epoch")
    no_log_outs("a store without an epoch")
    connection.set("revoked.epoch", str(uuid.uuid4()))
    expect(503, live, "a store with another epoch")
    no_log_outs("a store with another epoch")
    left = f"left:0123456789abcdef:{uuid.uuid4()}"
    for epoch in (left, f"{left} replaces {own['revoked.epoch']}"):
        connection.mset({"revoked.epoch": epoch, "revoked.accepted": f"{left} replaces {own['revoked.epoch']}"})
        expect(503, live, "a store that was left for a daemon")
        for name in apis:
            file = FOLDER / (name + ".left.state")
            address = start_api(name, DENYLIST_STATE_FILE=file)
            await_(name + " does not answer", lambda: ask(address, "/me")[0] == 401)
            assert status(address, live) == 503 and not file.exists(), name + ": a first contact with a store that was left"
            stop(started[-1])
    connection.delete("revoked.accepted")
    connection.setex("revoked:sid:" + sid, 600, "logout")
    connection.mset(own)
    for name, address in services.items(): await_(name + " does not believe Redis", lambda: status(address, live) == 200)
    expect(401, dead, "revoked")
    stop(store)
    store = start_store()


def lost_memory(live):
    """Another server on the same port is not believed, until an operator says so."""
    global store
    before, terms = store_epoch(), connection.get("revoked.terms")
    stop(store)
    store = start_store("empty")
    connection.set("revoked.terms", terms)
    expect(503, live, "a store that has forgotten everything")
    no_log_outs("a store that has forgotten everything")
    subprocess.run([BINARY, "accept", "--backend", f"redis://127.0.0.1:{PORT}", "--replaces", before], check=True,
                   stdout=subprocess.DEVNULL)
    await_("the node does not follow an acceptance", lambda: status(services["node"], live) == 200)
    for name in apis: await_(name + " does not follow an acceptance", lambda: status(services[name], live) == 200)
    dead = log_in()["access_token"]
    assert log_out("node", dead)[0] == 200
    for name in services:
        if name == "node": continue
        file = FOLDER / (name + ".state")
        assert file.read_text() == f"revoked state 1 {store_epoch()}\n", name
        file.write_text("")
        assert status(services[name], live) == 503, name + ": a damaged state file"
        assert status(services[name], dead) == 401, name + ": what is revoked stays so, whatever is damaged"
        file.unlink()
        for target in (file.name, "nowhere", FOLDER / "unmounted" / "state"):
            file.symlink_to(target)
            assert status(services[name], live) == 503 and file.is_symlink(), f"{name}: a state file that is a link to {target}"
            file.unlink()
        assert status(services[name], live) == 200, name + ": a first contact"


def store_epoch(): return (FOLDER / "node.state").read_text().split()[-1]


def full_disk():
    """A pin is written as a whole or not at all, and nothing is left open or behind by an attempt that failed."""
    saves = {
        "/usr/bin/python3": ("-Bc", "import sys; sys.path.insert(0, sys.argv[1] + '/python'); import state_file\n"
                             "state_file.StateFile(sys.argv[2]).save(b'new')"),
        "node": ("-e", "const [, folder, file] = process.argv, { StateFile } = require(folder + '/express/state_file.js');\n"
                 "let last; for (let i = 0; i < 100; i++) {\n"
                 "  try { new StateFile(file).save('new'); last = undefined; } catch (error) { last = error; } }\n"
                 "if (last) throw last;"),
        "php": ("-r", "require $argv[1] . '/php/StateFile.php'; (new StateFile($argv[2]))->save('new');")}
    for program, script in saves.items():
        folder = FOLDER / ("full " + pathlib.Path(program).name)
        folder.mkdir()
        file = folder / "state"
        file.write_text("revoked state 1 old\n")
        def save(room):
            def limit():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
            return subprocess.run([program, *script, str(EXAMPLES), str(file)], preexec_fn=limit, capture_output=True)
        for room in (0, 1, 19):
            found = save(room)
            assert found.returncode and b"EMFILE" not in found.stderr, f"{program} with room for {room} bytes: {found}"
            assert file.read_text() == "revoked state 1 old\n" and list(folder.iterdir()) == [file], f"{program}: {list(folder.iterdir())}"
        found = save(1_000)
        assert found.returncode == 0 and file.read_text() == "revoked state 1 new\n", found


def few_rights():
    """A user who may ask suffices for checks. It need not say its name, and ends no token."""
    connection.execute_command("ACL", "SETUSER", "asker", "on", ">secret", "~revoked*", "+mget", "+time")
    (FOLDER / "password").write_text("secret\n")
    live, dead = log_in()["access_token"], log_in()["access_token"]
    assert log_out("node", dead)[0] == 200
    for name in apis:
        address = start_api(name, DENYLIST_URL=f"redis://asker@127.0.0.1:{PORT}", DENYLIST_PASSWORD_FILE=FOLDER / "password")
        await_(name + " does not answer", lambda: status(address, dead) == 401)
        assert status(address, live) == 200, name + ": a user who may ask"
        assert ask(address, "/logout", live, "POST")[0] == 503, name + ": a user who may ask alone"
        assert status(address, live) == 200, name
        stop(started[-1])


def lost_connections():
    """No call gets another's reply after a connection broke off, and none waits for a connection that hangs."""
    live, dead = log_in()["access_token"], log_in()["access_token"]
    assert log_out("node", dead)[0] == 200
    for name in apis:
        relay = Relay(PORT)
        address = start_api(name, DENYLIST_URL=f"redis://asker@127.0.0.1:{relay.port}", DENYLIST_PASSWORD_FILE=FOLDER / "password")
        await_(name + " does not answer", lambda: status(address, live) == 200)
        is_over = threading.Event()
        def load():
            while not is_over.is_set(): status(address, live)
        users = [threading.Thread(target=load) for _ in range(6)]
        try:
            for user in users: user.start()
            relay.breaks_off = True
            await_(name + " does not ask", lambda: not relay.breaks_off)
            for _ in range(200): assert status(address, dead) in (401, 503), name + ": revoked, behind a torn reply"
        finally:
            is_over.set()
            for user in users: user.join()
        await_(name + " goes on behind a torn reply", lambda: status(address, live) == 200)
        relay.swallows = relay.breaks_off = True
        def is_swallowed():
            assert status(address, dead) in (401, 503)
            return relay.swallowed
        await_(name + " does not connect anew", is_swallowed)
        relay.swallows = False
        await_(name + " waits for a connection that hangs", lambda: status(address, live) == 200)
        stop(started[-1])
        relay.close()


def revoked_key():
    """Whoever stole it leaves its name out."""
    connection.setex("revoked:kid:" + KID, 600, "compromised")
    for kid in (KID, None, ""): expect(401, mint({"kid": kid}), f"its key is revoked, and it names {kid!r}")


with tempfile.TemporaryDirectory() as name:
    FOLDER, PORT = pathlib.Path(name), free_port()
    connection = redis.Redis(port=PORT, socket_timeout=2)
    apis = ("flask", "django", "express", "php")
    try:
        count_lines()
        play_vectors()
        full_disk()
        store = start_store()
        services = {"node": start_node()}
        await_("the node does not answer", lambda: ask(services["node"], "/healthz")[0] == 200)
        KEY = (FOLDER / "key.pem").read_text()
        KID = json.loads(ask(services["node"], "/.well-known/jwks.json")[2])["keys"][0]["kid"]
        services.update({api: start_api(api) for api in apis})
        for api, address in services.items(): await_(api + " does not answer", lambda: ask(address, "/me")[0] == 401)
        live, dead = log_outs()
        refusals(live)
        long_lives()
        two_headers(live)
        damage(live)
        no_keys(live)
        slow_keys(live)
        issuer = Issuer(json.loads(ask(services["node"], "/.well-known/jwks.json")[2])["keys"])
        withdrawn_keys(issuer)
        kept_keys(issuer, live)
        issuer.close()
        no_store(live)
        certificates(live)
        outage(live, dead)
        wrong_answers(live, dead)
        stock_server(live, dead)
        lost_memory(live)
        assert "LIB-NAME" not in (FOLDER / "store.log").read_text(), "the daemon takes an API for an outdated node"
        few_rights()
        lost_connections()
        revoked_key()
    except BaseException:
        for log in sorted(FOLDER.glob("*.log")): print("---", log.name, log.read_text()[-1_500:], file=sys.stderr)
        raise
    finally:
        for process in started: stop(process, signal.SIGKILL)
