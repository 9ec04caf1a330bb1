"""play.py SOURCES BINARY MODE SUITE [UNIT…]: plays a suite against the daemon and against redis-server (.ci/suites).

MODE: compare, list or run. The suites are described in suite_….py.
"""
import importlib, os, pathlib, sys, tempfile

from comparison import PORT, compare, daemon

folder_of_sources, binary = pathlib.Path(sys.argv[1]), str(pathlib.Path(sys.argv[2]).resolve())
mode, name = sys.argv[3:5]
module = importlib.import_module("suite_" + name.replace("-", "_"))
sources = next(folder_of_sources.glob(module.SOURCES)).resolve()
units = sys.argv[5:] or module.UNITS
with tempfile.TemporaryDirectory(prefix="suites-") as folder:
    if mode == "run":
        os.mkdir(f"{folder}/ours")
        ours = module.Suite(sources, f"{folder}/ours", daemon(binary, PORT))
        ours.run(units)
        for unit in units:
            print(f"{unit}: {len(ours.passed.get(unit, []))} pass {ours.broken.get(unit, '')}")
            for test, why in ours.failed.get(unit, {}).items(): print(f"    {test}\n        {why}")
    else:
        same = compare(module.Suite, module.TITLE, module.LIST, sources, folder, binary, units, writes=mode == "list")
        sys.exit(0 if same else 1)
