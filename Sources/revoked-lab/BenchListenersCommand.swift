#if os(Linux)
    import ArgumentParser
    import Lab

    /// `revoked-lab bench listeners`: checks beside clients that are sent messages.
    struct BenchListenersCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "listeners",
            abstract: "Measure checks beside many clients that are told what is revoked.",
            discussion: """
                Starts the daemon, and redis-server and valkey-server if they are on PATH, each on a free port of \
                127.0.0.1. One connection checks at a fixed rate, with and without clients that listen: 10,000 \
                subscribers, 100 of them at a hundred times the rate, 1,000 that track keys. They stand for clients on \
                other machines: their thread has the lowest priority, and they use a Unix socket.
                """)

        @Option(help: "How long each measurement takes, in seconds.") var seconds = 5.0
        @Option(help: "How often each is taken; the median counts.") var rounds = 5
        @Option(help: "Checks per second.") var checks = 500

        func validate() throws {
            guard (1...600).contains(seconds), rounds > 0, (1...100_000).contains(checks) else {
                throw ValidationError("a measurement takes 1 to 600 seconds, and has 1 to 100,000 checks a second")
            }
        }

        func run() async throws {
            var bench = ListenersBench()
            bench.duration = .seconds(seconds)
            bench.rounds = rounds
            bench.checksPerSecond = checks
            try await bench.run()
        }
    }
#endif
