"""redis-py's own tests, without those of clusters, modules and certificates."""
import json, re, sys

from comparison import HERE, PORT, Side

TITLE = "redis-py's suite"
LIST = HERE / "redis-py.txt"
SOURCES = "redis-[89].*[0-9]"
# The modules that speak to a server.
UNITS = [f"test_{name}.py" for name in """commands pubsub pipeline lock connection connection_pool encoding scripting
    monitor multiprocessing credentials function command_parser""".split()]
UNITS += [f"test_asyncio/test_{name}.py" for name in """commands pubsub pipeline lock connection connection_pool
    encoding scripting monitor credentials cwe_404 usage_counter""".split()]
LONGEST = 300
WITHOUT = "not onlycluster and not redismod and not ssl"


class Suite(Side):
    def run_unit(self, unit, skipped):
        results = self.folder / "results"
        results.write_text("")
        suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_results", "--tb=line",
                 "--redis-url", f"redis://127.0.0.1:{PORT}/0", "-m", WITHOUT, "--timeout", "20", f"tests/{unit}"]
        text = self.network(
            suite, LONGEST, folder=self.sources, environment={
                "SUITES_RESULTS": str(results), "SUITES_SKIPPED": str(skipped), "SUITES_PORT": str(PORT),
                "PYTHONPATH": str(HERE)})
        for line in results.read_text().splitlines():
            test, outcome, why, used = json.loads(line)
            if outcome != "skipped": self.note(unit, test, why if outcome == "failed" else None, used)
        # The summary comes when all tests have run.
        if not re.search(r"\d (passed|failed|skipped|deselected|errors?)\b.* in \d", text):
            self.broken[unit] = "the module did not end: " + text[-400:]
