#if os(Linux)
    import ArgumentParser
    import Lab

    /// `revoked-lab bench table`: the table alone.
    struct BenchTableCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "table",
            abstract: "Measure the table: nanoseconds and instructions per operation, bytes per entry.",
            discussion: """
                Where the processor's counters cannot be read, `valgrind --tool=callgrind` counts instructions.
                """)

        @Argument(help: "Sizes in millions of entries (default: 1 10).") var millions: [Double] = []
        @Flag(help: "Measure the longest single insert of a table that grows to that size (default: 10).") var pauses =
            false
        @Flag(help: "Keep the table out of huge pages.") var smallPages = false

        func validate() throws {
            guard millions.allSatisfy({ (0.001...1_000).contains($0) }) else {
                throw ValidationError("sizes are 0.001 to 1000 million entries")
            }
        }

        func run() {
            TableBench.run(millions: millions, measuresPauses: pauses, hugePages: !smallPages)
        }
    }
#endif
