"""Plays the units of Redis' own test suite below against the daemon and against redis-server, and compares.

A test that passes on redis-server has to pass on the daemon, or to stand in redis-7.0.txt with the reason. Reasons
"uses …" name commands that the daemon does not have, and are found by counting what the test sends to redis-server.
The daemon plays without the tests in the list: they would break off with a transaction open, or a reply unread.
"""
import os, pathlib, re, shlex, shutil, signal, socket, subprocess, sys, tempfile, threading, time

HERE = pathlib.Path(__file__).resolve().parent
LIST = HERE / "redis-7.0.txt"
UNITS = """unit/protocol unit/keyspace unit/scan unit/type/string unit/type/incr unit/expire unit/other unit/multi
    unit/quit unit/pubsub unit/introspection unit/introspection-2 unit/querybuf unit/tracking unit/slowlog unit/pause
    unit/info-command integration/redis-cli""".split()
PORT = 7379
# A unit takes seconds. One that waits for what does not come is ended.
LONGEST = 60

# What each test sends to redis-server, in lines "name<tab>command command …".
COUNTING = r"""
rename test suites_test
proc suites_commands {} {
    set client [redis [srv 0 host] [srv 0 port] 0 $::tls]
    set calls {}
    foreach line [split [$client info commandstats] "\r\n"] {
        if {[regexp {^cmdstat_([^:]+):calls=(\d+),.*rejected_calls=(\d+)} $line - name count rejected]} {
            dict set calls $name [expr {$count + $rejected}]
        }
    }
    $client close
    return $calls
}
proc test {name code args} {
    set before {}
    catch {set before [suites_commands]}
    set result [catch {uplevel 1 [list suites_test $name $code {*}$args]} message options]
    catch {
        set used {}
        dict for {command count} [suites_commands] {
            set calls [expr {[dict exists $before $command] ? $count - [dict get $before $command] : $count}]
            # The suite itself writes one line to the log of the server.
            if {$command eq "debug"} {incr calls -1}
            if {$calls != 0} {lappend used $command}
        }
        set file [open $::env(SUITES_USAGE) a]
        puts $file "[string map [list \n { } \t { }] $name]\t$used"
        close $file
    }
    return -options $options $message
}
"""


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


class Side:
    """A server, and the units that ran against it."""

    def __init__(self, sources, folder, command, counts=False):
        self.command, self.folder, self.counts = command, pathlib.Path(folder), counts
        self.tree = self.folder / "redis"
        shutil.copytree(sources / "tests", self.tree / "tests")
        (self.tree / "src").mkdir()
        for name in ["redis-server", "redis-cli", "redis-benchmark"]:
            (self.tree / "src" / name).symlink_to(shutil.which(name))
        if counts:
            with open(self.tree / "tests/support/test.tcl", "a") as file: file.write(COUNTING)
        self.passed, self.failed, self.used, self.broken = {}, {}, {}, {}

    def run(self, units, without=()):
        """Plays units, without the tests (unit, name)."""
        skipped = self.folder / "skipped"
        for unit in units:
            skipped.write_text("\n".join(name for other, name in without if other == unit))
            self.run_unit(unit, skipped)

    def run_unit(self, unit, skipped):
        usage = self.folder / "usage"
        usage.write_text("")
        script = "ip link set lo up && exec " + shlex.join(["python3", str(HERE / "serve.py"), str(PORT), *self.command])
        suite = ["tclsh", "tests/test_helper.tcl", "--host", "127.0.0.1", "--port", str(PORT), "--durable",
                 "--clients", "1", "--single", unit, "--skipfile", str(skipped)]
        # The suite runs in the network of the server, as its child.
        process = subprocess.Popen(
            ["unshare", "-n", "bash", "-c", script + ' "$@"', "bash", "--", *suite], cwd=self.tree,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            env=dict(os.environ, SUITES_USAGE=str(usage)))
        timer = threading.Timer(LONGEST, lambda: os.killpg(process.pid, signal.SIGKILL))
        timer.start()
        text = plain(process.stdout.read().decode("utf8", "replace"))
        process.wait()
        timer.cancel()
        (self.folder / (unit.replace("/", "-") + ".log")).write_text(text)
        self.read(unit, text, usage.read_text(errors="replace"))

    def read(self, unit, text, usage):
        passed, failed = [], {}
        lines = text.split("\n")
        for number, line in enumerate(lines):
            if match := re.match(r"\[ok\]: (.*) \(\d+ ms\)$", line): passed.append(match[1])
            elif match := re.match(r"\[err\]: (.*) in tests/.*\.tcl$", line):
                failed[match[1]] = " ".join(lines[number + 1:number + 3])[:300]
            elif match := re.match(r"\[(exception|err)\]: (.*)", line):
                self.broken[unit] = " ".join(lines[number:number + 3])[:400]
        if "\\o/" not in text and not failed and unit not in self.broken: self.broken[unit] = "the unit did not end"
        self.failed[unit] = failed
        # A name that comes twice counts as passed if it never fails.
        self.passed[unit] = [name for name in dict.fromkeys(passed) if name not in failed]
        used = self.used.setdefault(unit, {})
        for line in usage.splitlines():
            name, commands = line.split("\t")
            used.setdefault(name, set()).update(commands.split())


def read_list():
    """The list: a line "# reason", then lines "unit: test" until the next."""
    reasons, reason = {}, None
    for line in LIST.read_text().splitlines() if LIST.exists() else []:
        if line.startswith("# "): reason = line[2:]
        elif line.strip():
            unit, name = line.split(": ", 1)
            reasons[unit, name] = reason
    return reasons


def write_list(reasons):
    lines = []
    for reason in sorted(set(reasons.values()), key=lambda reason: (reason.startswith("uses "), reason)):
        lines += ["# " + reason] + [f"{unit}: {name}" for (unit, name), own in reasons.items() if own == reason] + [""]
    LIST.write_text("\n".join(lines))


def commands_of(binary):
    """The names of the daemon's commands and subcommands."""
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen(daemon(binary, port), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(200):
                answer = subprocess.run(["redis-cli", "-p", str(port), "COMMAND", "LIST"], capture_output=True, text=True)
                if answer.returncode == 0 and "get" in answer.stdout.split(): return set(answer.stdout.split())
                time.sleep(0.05)
            sys.exit("suites: the daemon does not answer COMMAND LIST: " + answer.stdout)
        finally:
            server.kill()
            server.wait()


def daemon(binary, port):
    return [binary, "serve", "--port", str(port), "--http", "off", "--appendonly", "no", "--enable-debug-command", "yes"]


# There only to be refused.
REFUSED = {"sync", "psync", "replconf"}


def missing(used, ours):
    """What a test uses that the daemon does not have."""
    return sorted(name for name in used if name not in ours - REFUSED)


def main():
    sources, binary = pathlib.Path(sys.argv[1]).resolve(), str(pathlib.Path(sys.argv[2]).resolve())
    mode, units = (sys.argv[3:4] or ["compare"])[0], sys.argv[4:] or UNITS
    with tempfile.TemporaryDirectory(prefix="suites-") as folder:
        for name in ["ours", "theirs"]: os.mkdir(f"{folder}/{name}")
        ours = Side(sources, f"{folder}/ours", daemon(binary, PORT))
        if mode == "run":
            ours.run(units)
            for unit in units:
                print(f"{unit}: {len(ours.passed[unit])} pass {ours.broken.get(unit, '')}")
                for name, why in ours.failed[unit].items(): print(f"    {name}\n        {why}")
            return
        theirs = Side(sources, f"{folder}/theirs", ["redis-server", "--port", str(PORT), "--save", "", "--enable-debug-command", "yes"], counts=True)
        listed, known = read_list(), commands_of(binary)
        other = threading.Thread(target=theirs.run, args=[units])
        other.start()
        ours.run(units, without=() if mode == "list" else listed)
        other.join()
        if mode == "list":
            # What failed only because of tests before it passes without them.
            failing = reasons_of_failures(ours, theirs, known, units, listed)
            ours.run(units, without=[test for test, reason in failing.items() if reason])
        judge(ours, theirs, known, units, listed, writes=mode == "list")


def reasons_of_failures(ours, theirs, known, units, listed):
    """The tests that pass on redis-server alone, each with its reason: empty where there is none."""
    found = {}
    for unit in units:
        for name in theirs.passed[unit]:
            if name in ours.passed[unit]: continue
            lacks = missing(theirs.used[unit].get(name, set()), known)
            old = listed.get((unit, name), "").replace("not known", "")
            found[unit, name] = "uses " + " ".join(lacks) if lacks else old if not old.startswith("uses ") else ""
    return found


def judge(ours, theirs, known, units, listed, writes):
    found = reasons_of_failures(ours, theirs, known, units, listed)
    passes = sum(len(theirs.passed[unit]) for unit in units) - len(found)
    wrong = []
    for (unit, name), reason in found.items():
        if not reason:
            why = ours.failed[unit].get(name) or ours.broken.get(unit) or "it did not run"
            wrong.append(f"{unit}: {name} fails: {why}")
        elif not writes and (unit, name) not in listed:
            wrong.append(f"{unit}: {name} does not stand in the list: {reason}")
    if writes:
        write_list({key: reason or "not known" for key, reason in found.items()})
    for unit, why in ours.broken.items(): print(f"{unit} broke off: {why}")
    for line in wrong: print(line)
    print(f"Redis' suite: {passes} of {passes + len(found)} tests pass, {len(wrong)} that should not fail")
    sys.exit(1 if wrong and not writes else 0)


main()
