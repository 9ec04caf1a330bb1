"""Redis' own suite, in Tcl."""
import re, shutil

from comparison import HERE, PORT, Side

TITLE = "Redis' suite"
LIST = HERE / "redis-7.0.txt"
SOURCES = "redis-7.0*"
UNITS = """unit/protocol unit/keyspace unit/scan unit/type/string unit/type/incr unit/expire unit/other unit/multi
    unit/quit unit/pubsub unit/introspection unit/introspection-2 unit/querybuf unit/tracking unit/slowlog unit/pause
    unit/info-command integration/redis-cli""".split()
# A unit takes seconds.
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


class Suite(Side):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.tree = self.folder / "redis"
        if self.tree.exists(): return
        shutil.copytree(self.sources / "tests", self.tree / "tests")
        (self.tree / "src").mkdir()
        for name in ["redis-server", "redis-cli", "redis-benchmark"]:
            (self.tree / "src" / name).symlink_to(shutil.which(name))
        if self.counts:
            with open(self.tree / "tests/support/test.tcl", "a") as file: file.write(COUNTING)

    def run_unit(self, unit, skipped):
        usage = self.folder / "usage"
        usage.write_text("")
        suite = ["tclsh", "tests/test_helper.tcl", "--host", "127.0.0.1", "--port", str(PORT), "--durable",
                 "--clients", "1", "--single", unit, "--skipfile", str(skipped)]
        text = self.network(suite, LONGEST, {"SUITES_USAGE": str(usage)}, folder=self.tree)
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
        # A name that comes twice counts as passed if it never fails.
        for name in dict.fromkeys(passed):
            if name not in failed: self.note(unit, name)
        for name, why in failed.items(): self.note(unit, name, why)
        for line in usage.splitlines():
            name, commands = line.split("\t")
            self.used.setdefault(unit, {}).setdefault(name, set()).update(commands.split())
