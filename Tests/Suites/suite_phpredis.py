"""phpredis' suite, out of Debian's source package: each test on a server of its own.

Inside of a test's network this is the program that runs it: suite_phpredis.py DIRECTORY TEST.
"""
import json, re, subprocess, sys

from comparison import HERE, PORT, Side, command_counts, difference

TITLE = "phpredis' suite"
LIST = HERE / "phpredis.txt"
SOURCES = "php-redis-*[0-9]"
UNITS = ["RedisTest"]
# Of one test. The longest waits 11 seconds for a connection to be closed.
LONGEST = 30
SKIPPED = 77


class Suite(Side):
    def run_unit(self, unit, skipped):
        folder = directory(self.sources)
        names = subprocess.run(php(folder), capture_output=True, text=True, check=True).stdout.split()
        left_out = set(skipped.read_text().splitlines())
        for name in names:
            if name in left_out: continue
            # Sessions begin in processes of their own, which the suite would run with a module that it has built.
            text = self.network([sys.executable, __file__, str(folder), name], LONGEST,
                                environment={"TEST_PHP_ARGS": "-d error_reporting=0"})
            lines = text.splitlines() or [""]
            if not lines[-1].startswith("["):
                self.note(unit, name, f"it does not end within {LONGEST} seconds: {text[-200:]}")
                continue
            status, why, used = json.loads(lines[-1])
            if status != SKIPPED: self.note(unit, name, why if status else None, used)


def directory(sources):
    """The package carries a version for old PHP as well."""
    def version(path): return [int(part) for part in re.findall(r"\d+", path.parent.name)]
    return max(sources.glob("redis-*/tests"), key=version)


def php(*arguments):
    return ["php", str(HERE / "phpredis.php"), *map(str, arguments)]


def play(folder, name):
    before = command_counts(PORT)
    ended = subprocess.run(php(folder, PORT, name), stdin=subprocess.DEVNULL, capture_output=True)
    why = (ended.stdout + ended.stderr)[:300].decode("utf8", "replace").replace("\n", " ")
    print("\n" + json.dumps([ended.returncode, why, difference(before, command_counts(PORT))]))


if __name__ == "__main__": play(*sys.argv[1:])
