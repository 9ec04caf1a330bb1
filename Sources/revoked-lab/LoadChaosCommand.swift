#if os(Linux)
    import ArgumentParser
    import Lab

    /// `revoked-lab load chaos`: users on nodes while everything fails.
    struct LoadChaosCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "chaos",
            abstract: "Kill, pause and cut off daemon and nodes under load, and look for revocations that get lost.",
            discussion: """
                Starts a daemon, nodes and a network between them on free ports of 127.0.0.1, and breaks them at random, from
                a seed that is printed. As root it fills the daemon's disk, too; with libfaketime it moves clocks.
                The exit status is 0 if no answer was wrong and no revocation lost, 1 otherwise, 2 if it could not be run.
                """
        )

        @Option(help: "Seconds (default: 60).") var duration: Double?
        @Option(help: "How many nodes (default: 3).") var nodes: Int?
        @Option(help: "Simulated users (default: 300).") var users: Int?
        @Option(help: "Requests a second (default: 1500).") var rate: Double?
        @Option(help: "Repeats a run's random choices.") var seed: UInt64?
        @Flag(inversion: .prefixedNo, help: "Move clocks, where that is possible.") var clocks = true
        @Flag(help: "Let the nodes check tokens in copies of their own, under leases.") var local = false
        @Flag(
            help: """
                Show instead that the oracle sees: on a redis-server with default settings that is killed, what everyone \
                does must let revoked tokens through, our nodes must not, and a planted off-by-one must be found.
                """)
        var canary = false
        @Option(help: "A file for the report as JSON.") var json: String?
        @Option(help: "A file for the report as a page.") var html: String?

        func validate() throws {
            let counts = [nodes, users].compactMap { $0 }
            guard counts.allSatisfy({ $0 > 0 }), duration ?? 5 >= 5, rate ?? 1 > 0 else {
                throw ValidationError("numbers must be above 0, and --duration at least 5")
            }
            guard rate ?? 1 <= 1e8 else { throw ValidationError("--rate is at most 100000000") }
            guard duration ?? 5 <= 1_000_000 else { throw ValidationError("--duration is at most 1000000") }
            guard nodes ?? 1 <= 16 else { throw ValidationError("--nodes is at most 16") }
        }

        func run() async throws {
            var settings = ChaosRun.Settings()
            if let duration { settings.seconds = duration }
            if let nodes { settings.nodes = nodes }
            if let users { settings.users = users }
            if let rate { settings.rate = rate }
            settings.seed = seed
            settings.movesClocks = clocks
            settings.checksLocally = local
            settings.json = json
            settings.html = html
            let status = canary ? await Canaries(seed: seed).run() : await ChaosRun(settings).run()
            if status != 0 { throw ExitCode(status) }
        }
    }
#endif
