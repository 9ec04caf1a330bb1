import Denylist

// How fast and how small the table is: `swift run -c release microbench [--huge-pages] [entries in millions …]`,
// 1 and 10 by default.
var configuration = Denylist.Configuration()
configuration.hugePages = CommandLine.arguments.contains("--huge-pages")
let sizes = CommandLine.arguments.dropFirst().compactMap(Int.init)
for millions in sizes.isEmpty ? [1, 10] : sizes {
    TableBenchmark(entries: millions * 1_000_000, configuration: configuration).run()
}
