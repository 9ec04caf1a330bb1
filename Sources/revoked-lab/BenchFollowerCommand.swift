#if os(Linux)
    import ArgumentParser
    import Lab

    /// `revoked-lab bench follower`: checks in memory, and what followers cost revocations.
    struct BenchFollowerCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "follower",
            abstract: "Measure checks in a follower's memory, and what followers cost revocations.",
            discussion: """
                Starts a daemon on a free port of 127.0.0.1. A check is of six scopes, beside revocations that are \
                applied; its times hold the clock's own, some 20 ns. Then so many followers hold leases, each with a \
                copy of its own (from the fourth on they count bytes), and revocations wait for all of them. They \
                share this process and one thread, and come over a Unix socket.

                With --fall-back it measures instead what happens when many followers lose their leases at once, and \
                all their checks are asked.
                """)

        @Option(help: "Millions of entries that checks look in; 0 leaves checks out.") var millions = 1.0
        @Option(help: "Revocations per second beside checks.") var writesBesideChecks = 1_000
        @Option(parsing: .upToNextOption, help: "Followers that revocations wait for; 0 leaves that out.")
        var followers = [3, 30, 300]
        @Option(help: "Revocations per second that wait for followers.") var writes = 200
        @Option(help: "How long each measurement takes, in seconds.") var seconds = 5.0
        @Option(help: "How often revocations are measured; the median counts.") var rounds = 3

        @Flag(help: "Measure how checks fall back to asking.") var fallBack = false
        @Option(help: "Followers that fall back.") var fallBackFollowers = 60
        @Option(help: "Checks per second of all followers that fall back.") var checks = 20_000

        func validate() throws {
            guard millions == 0 || (0.001...100).contains(millions), (0...100_000).contains(writesBesideChecks),
                followers.allSatisfy({ (0...1_000).contains($0) }), (1...1_600).contains(writes), seconds > 0,
                rounds > 0, (1...64).contains(fallBackFollowers), (1...1_000_000).contains(checks)
            else {
                throw ValidationError(
                    "entries are 0.001 to 100 million, followers at most 1000, revocations 1 to 1600 a second, "
                        + "followers that fall back 1 to 64")
            }
        }

        func run() async throws {
            if fallBack {
                var bench = FallBackBench()
                bench.followers = fallBackFollowers
                bench.checksPerSecond = checks
                bench.duration = .seconds(seconds)
                bench.rounds = rounds
                return try await bench.run()
            }
            if millions > 0 {
                var bench = LocalCheckBench()
                bench.entries = Int(millions * 1e6)
                bench.writesPerSecond = writesBesideChecks
                bench.duration = .seconds(seconds)
                try await bench.run()
            }
            guard followers.contains(where: { $0 > 0 }) else { return }
            var bench = FollowedWritesBench()
            bench.followers = followers.filter { $0 > 0 }
            bench.writesPerSecond = writes
            bench.duration = .seconds(seconds)
            bench.rounds = rounds
            try await bench.run()
        }
    }
#endif
