"""A plugin for pytest: writes down what comes of each test, and which commands it sends.

Adds a line [test, outcome, why, commands] to the file SUITES_RESULTS; leaves out the tests named in SUITES_SKIPPED.
A test is named without its module.
"""
import json, os, pathlib

import pytest

from comparison import command_counts, difference

reports = []


def name(item):
    return item.nodeid.split("::", 1)[1]


def pytest_collection_modifyitems(config, items):
    skipped = set(pathlib.Path(os.environ["SUITES_SKIPPED"]).read_text().splitlines())
    config.hook.pytest_deselected(items=[item for item in items if name(item) in skipped])
    items[:] = [item for item in items if name(item) not in skipped]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    reports.clear()
    port = int(os.environ["SUITES_PORT"])
    before = command_counts(port)
    result = yield
    used = difference(before, command_counts(port))
    failed = [str(report.longrepr)[-300:] for report in reports if report.failed]
    skipped = any(report.skipped for report in reports)
    outcome = "failed" if failed else "skipped" if skipped else "passed"
    with open(os.environ["SUITES_RESULTS"], "a") as file:
        file.write(json.dumps([name(item), outcome, " ".join(failed), used]) + "\n")
    return result


def pytest_runtest_logreport(report):
    reports.append(report)
