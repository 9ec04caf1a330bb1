import ArgumentParser
import Lab

/// `revoked-lab bench streams`: how soon open streams end.
struct BenchStreamsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "streams",
        abstract: "Measure how soon what is open under a token ends when it is revoked.",
        discussion: """
            Bodies of withToken in one process that follows a daemon: one subject's is ended among all others, then all \
            at once.
            """)

    @Option(help: "How many are open.") var streams = 10_000
    @Option(help: "How many subjects are revoked one after the other.") var subjects = 500

    func validate() throws {
        guard (1...1_000_000).contains(streams), (1...streams).contains(subjects) else {
            throw ValidationError("numbers must be above 0, and subjects no more than streams")
        }
    }

    func run() async throws {
        var bench = StreamBench()
        bench.streams = streams
        bench.subjects = subjects
        try await bench.run()
    }
}
