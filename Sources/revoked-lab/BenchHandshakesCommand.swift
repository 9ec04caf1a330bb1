#if os(Linux)
    import ArgumentParser
    import Lab

    /// `revoked-lab bench handshakes`: checks over TLS while many clients connect.
    struct BenchHandshakesCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "handshakes",
            abstract: "Measure checks over TLS while thousands of clients connect at once.",
            discussion: """
                Starts the daemon, and redis-server and valkey-server if they are on PATH, which must speak TLS, each on \
                free ports of 127.0.0.1. One connection checks at a fixed rate, first alone, then while the others \
                connect all at once, each with a TLS 1.3 handshake and a PING. They stay, and their thread has the \
                lowest priority, as if they were on other machines. At the end the memory is read that an idle one takes.
                """)

        @Option(help: "How many connect.") var clients = 5_000
        @Option(help: "How long checks are measured, in seconds.") var seconds = 5.0
        @Option(help: "How often each server is measured; the median counts.") var rounds = 3
        @Option(help: "Checks per second.") var checks = 500

        func validate() throws {
            guard (1...18_000).contains(clients), (1...600).contains(seconds), rounds > 0,
                (1...100_000).contains(checks)
            else {
                throw ValidationError(
                    "1 to 18,000 clients connect, a measurement takes 1 to 600 seconds, and has 1 to 100,000 checks a "
                        + "second")
            }
        }

        func run() async throws {
            var bench = HandshakesBench()
            bench.clients = clients
            bench.duration = .seconds(seconds)
            bench.rounds = rounds
            bench.checksPerSecond = checks
            try await bench.run()
        }
    }
#endif
