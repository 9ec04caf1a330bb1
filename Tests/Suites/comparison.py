"""What all suites have in common: a side that plays, the list of differences, and the comparison of two sides.

A test that passes on redis-server has to pass on the daemon, or to stand in the suite's list with the reason. Reasons
"uses …" name commands that the daemon does not have, and are found by counting what the test sends to redis-server.
The daemon plays without the tests in the list: some would wait for what does not come, others end the suite.
"""
import os, pathlib, re, shlex, signal, socket, subprocess, sys, tempfile, threading, time

HERE = pathlib.Path(__file__).resolve().parent
PORT = 7379
# There only to be refused.
REFUSED = {"sync", "psync", "replconf"}


class Side:
    """A server, and what came of the units that ran against it."""

    def __init__(self, sources, folder, command, counts=False):
        self.sources, self.folder, self.command, self.counts = sources, pathlib.Path(folder), command, counts
        self.passed, self.failed, self.used, self.broken = {}, {}, {}, {}

    def run(self, units, without=()):
        """Plays units, without the tests (unit, name)."""
        skipped = self.folder / "skipped"
        for unit in units:
            skipped.write_text("\n".join(name for other, name in without if other == unit))
            self.run_unit(unit, skipped)

    def run_unit(self, unit, skipped):
        raise NotImplementedError

    def network(self, suite, longest, environment=(), folder=None, options=()):
        """Runs a suite in a network of its own, as a child of the server's starter.

        A suite that waits for what does not come is ended after so many seconds. Returns what it printed.
        """
        server = ["python3", str(HERE / "serve.py"), str(PORT), *self.command, *options]
        script = "ip link set lo up && exec " + shlex.join(server) + ' "$@"'
        process = subprocess.Popen(
            ["unshare", "-n" if os.geteuid() == 0 else "-rn", "bash", "-c", script, "bash", "--", *suite],
            cwd=folder or self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, env=dict(os.environ, **dict(environment)))
        timer = threading.Timer(longest, lambda: os.killpg(process.pid, signal.SIGKILL))
        timer.start()
        text = plain(process.stdout.read().decode("utf8", "replace"))
        process.wait()
        timer.cancel()
        return text

    def note(self, unit, name, why=None, used=()):
        """One result: a test passed, or failed with a reason."""
        if why is None:
            self.passed.setdefault(unit, []).append(name)
        else:
            self.failed.setdefault(unit, {})[name] = why
        self.used.setdefault(unit, {}).setdefault(name, set()).update(used)


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def read_list(path):
    """The list: a line "# reason", then lines "unit: test" until the next."""
    reasons, reason = {}, None
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.startswith("# "): reason = line[2:]
        elif line.strip():
            unit, name = line.split(": ", 1)
            reasons[unit, name] = reason
    return reasons


def write_list(path, reasons):
    lines = []
    for reason in sorted(set(reasons.values()), key=lambda reason: (reason.startswith("uses "), reason)):
        lines += ["# " + reason] + [f"{unit}: {name}" for (unit, name), own in reasons.items() if own == reason] + [""]
    path.write_text("\n".join(lines))


def daemon(binary, port):
    # The longest argument is as redis-server has it.
    return [binary, "serve", "--port", str(port), "--http", "off", "--appendonly", "no",
            "--enable-debug-command", "yes", "--proto-max-bulk-len", "512mb"]


def redis_server(port):
    return ["redis-server", "--port", str(port), "--save", "", "--enable-debug-command", "yes"]


def commands_of(binary):
    """The names of the daemon's commands and subcommands."""
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        quiet = subprocess.DEVNULL
        server = subprocess.Popen(daemon(binary, port), cwd=folder, stdout=quiet, stderr=quiet)
        try:
            for _ in range(200):
                asked = ["redis-cli", "-p", str(port), "COMMAND", "LIST"]
                answer = subprocess.run(asked, capture_output=True, text=True)
                if answer.returncode == 0 and "get" in answer.stdout.split(): return set(answer.stdout.split())
                time.sleep(0.05)
            sys.exit("suites: the daemon does not answer COMMAND LIST: " + answer.stdout)
        finally:
            server.terminate()
            server.wait()


def command_counts(port):
    """How often each command was sent to a server of this network, refused ones included."""
    with socket.create_connection(("127.0.0.1", port), 10) as server:
        server.sendall(b"INFO commandstats\r\n")
        stream = server.makefile("rb")
        text = stream.read(int(stream.readline()[1:])).decode()
    found = re.findall(r"^cmdstat_([^:]+):calls=(\d+),.*rejected_calls=(\d+)", text, re.M)
    return {name: int(calls) + int(rejected) for name, calls, rejected in found}


def difference(before, after):
    """The commands that were sent between two counts. Counting itself asks `info`, which is never missing."""
    return sorted(name for name, count in after.items() if count != before.get(name, 0))


def compare(side, title, path, sources, folder, binary, units, writes):
    """Plays both sides at once, and says whether they differ as the list has it."""
    for name in ["ours", "theirs"]: os.mkdir(f"{folder}/{name}")
    ours = side(sources, f"{folder}/ours", daemon(binary, PORT))
    theirs = side(sources, f"{folder}/theirs", redis_server(PORT), counts=True)
    listed, known = read_list(path), commands_of(binary)
    other = threading.Thread(target=theirs.run, args=[units])
    other.start()
    ours.run(units, without=() if writes else listed)
    other.join()
    if writes:
        # What failed only because of tests before it passes without them.
        failing = reasons_of_failures(ours, theirs, known, listed)
        again = side(sources, f"{folder}/ours", daemon(binary, PORT))
        again.run(units, without=[test for test, reason in failing.items() if reason])
        ours = again
    found = reasons_of_failures(ours, theirs, known, listed)
    if not writes and not all(found.values()):
        replay(side(sources, f"{folder}/ours", daemon(binary, PORT)), ours, found, listed)
        found = reasons_of_failures(ours, theirs, known, listed)
    if writes: write_list(path, {key: reason or "not known" for key, reason in found.items()})
    return judge(title, ours, theirs, found, {} if writes else listed, writes)


def replay(again, ours, found, listed):
    """Plays units once more in which tests fail without a reason: some wait for seconds, and time themselves."""
    units = dict.fromkeys(unit for (unit, name), reason in found.items() if not reason)
    again.run(units, without=listed)
    for (unit, name), reason in found.items():
        if reason or name not in again.passed.get(unit, ()): continue
        print(f"{unit}: {name} passes the second time only: {ours.failed.get(unit, {}).get(name, '')}")
        ours.note(unit, name)


def reasons_of_failures(ours, theirs, known, listed):
    """The tests that pass on redis-server alone, each with its reason: empty where there is none."""
    found = {}
    for unit, names in theirs.passed.items():
        for name in names:
            if name in ours.passed.get(unit, ()): continue
            lacks = sorted(theirs.used[unit].get(name, set()) - (known - REFUSED))
            old = listed.get((unit, name), "").replace("not known", "")
            found[unit, name] = "uses " + " ".join(lacks) if lacks else old if not old.startswith("uses ") else ""
    return found


def judge(title, ours, theirs, found, listed, writes):
    total = sum(len(names) for names in theirs.passed.values())
    wrong = [] if total else ["nothing passes on redis-server"]
    for (unit, name), reason in found.items():
        if not reason:
            why = ours.failed.get(unit, {}).get(name) or ours.broken.get(unit) or "it did not run"
            wrong.append(f"{unit}: {name} fails: {why}")
        elif not writes and (unit, name) not in listed:
            wrong.append(f"{unit}: {name} does not stand in the list: {reason}")
    for unit, why in theirs.broken.items(): wrong.append(f"{unit} broke off on redis-server: {why}")
    for unit, why in ours.broken.items(): print(f"{unit} broke off: {why}")
    for line in wrong: print(line)
    print(f"{title}: {total - len(found)} of {total} tests pass, {len(wrong)} that should not fail")
    return not wrong or writes
