import Denylist

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// How fast and how small the table is: `swift run -c release microbench [entries in millions …]`, 1 and 10 by default.
let sizes = CommandLine.arguments.dropFirst().compactMap(Int.init)
for millions in sizes.isEmpty ? [1, 10] : sizes {
    TableBenchmark(entries: millions * 1_000_000).run()
}
