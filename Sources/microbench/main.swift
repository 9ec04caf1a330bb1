import Denylist

// How fast and how small the table is: `swift run -c release microbench [--small-pages] [millions of entries …]`, 1 and
// 10 by default; with `--pauses` how long a single insert takes at worst while the table grows to that size. Where the
// processor's counters cannot be read, instructions are counted by `valgrind --tool=callgrind .build/release/microbench 0.1`.
var configuration = Denylist.Configuration()
configuration.hugePages = !CommandLine.arguments.contains("--small-pages")
let sizes = CommandLine.arguments.dropFirst().compactMap(Double.init)
let measuresPauses = CommandLine.arguments.contains("--pauses")
for millions in !sizes.isEmpty ? sizes : measuresPauses ? [10] : [1, 10] {
    let entries = Int(millions * 1_000_000)
    if measuresPauses {
        PauseBenchmark(entries: entries, runs: 5, configuration: configuration).run()
    } else {
        TableBenchmark(entries: entries, configuration: configuration).run()
    }
}
