import Denylist

// How fast and how small the table is: `swift run -c release microbench [--huge-pages] [millions of entries …]`, 1 and
// 10 by default. Where the processor's counters cannot be read, instructions are counted by
// `valgrind --tool=callgrind .build/release/microbench 0.1`.
var configuration = Denylist.Configuration()
configuration.hugePages = CommandLine.arguments.contains("--huge-pages")
let sizes = CommandLine.arguments.dropFirst().compactMap(Double.init)
for millions in sizes.isEmpty ? [1, 10] : sizes {
    TableBenchmark(entries: Int(millions * 1_000_000), configuration: configuration).run()
}
