import ArgumentParser
import Lab

/// `revoked-lab bench node`: what a check adds to a request.
struct BenchNodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Measure what a check adds to a request of an auth node.",
        discussion: """
            GET /me of a node that asks the daemon, beside one that looks in its copy, one that asks its own memory, and \
            GET /healthz: the node's processor time per request with 32 connections, and the median time of a request \
            with one. They take turns.
            """)

    @Option(help: "How long each measurement takes, in seconds.") var seconds = 0.5
    @Option(help: "How often each is taken; the median counts.") var rounds = 7

    func validate() throws {
        guard seconds > 0, rounds > 0 else { throw ValidationError("numbers must be above 0") }
    }

    func run() async throws {
        var bench = NodeBench()
        bench.seconds = seconds
        bench.rounds = rounds
        try await bench.run()
    }
}
