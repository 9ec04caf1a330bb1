#if os(Linux)
    import ArgumentParser
    import Lab

    /// `revoked-lab load nodes`: users on auth nodes, every answer judged.
    struct LoadNodesCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "nodes",
            abstract: "Put the load of thousands of users on auth nodes, and judge every single answer.",
            discussion: """
                Users log in, use their tokens on random nodes, refresh, log out here and everywhere, log in again. Without
                URLs a daemon and nodes are started on free ports of 127.0.0.1 and end with this command.
                The exit status is 0 if no answer was wrong, 1 if one was, 2 if it could not be run.
                """
        )

        @Argument(help: "Nodes that are there: http://host:port. They know the users (--make-users).")
        var nodes: [String] = []
        @Option(help: "How many nodes to start if no URL is given (default: 3).") var start: Int?
        @Option(help: "A Redis or Valkey for the nodes that are started, instead of a daemon of our own.")
        var backend: String?
        @Flag(help: "Let the nodes that are started check tokens in copies of their own, under leases.") var local =
            false
        @Option(help: "Simulated users (default: 2000).") var users: Int?
        @Option(help: "A file of the password that all users have (default: they have the password \"password\").")
        var passwordFile: String?
        @Option(help: "Seconds (default: 30).") var duration: Double?
        @Option(help: "End with so many judged answers, not by time.") var answers: Int?
        @Option(help: "Requests a second, sent when they are due (default: the next follows the answer).")
        var rate: Double?
        @Option(help: "Connections to each node (default: 8).") var connections: Int?
        @Option(help: "Revocations a second that are watched until every node refuses (default: 10).")
        var probes: Double?
        @Option(help: "Repeats a run's random choices.") var seed: UInt64?
        @Option(help: "Seconds that access tokens live at the nodes that are started (default: 60).")
        var accessTokenLifetime: Int?
        @Option(help: "Seconds that the clocks of the given nodes may be off, and their leeway (default: 1).")
        var clockBand: Double?
        @Option(help: "A file for the report as JSON.") var json: String?
        @Option(help: "A file for the report as a page.") var html: String?
        @Option(help: "Only write a file of the users' accounts, for nodes that are started by hand.")
        var makeUsers: String?

        func validate() throws {
            let counts = [start, users, answers, connections, accessTokenLifetime].compactMap { $0 }
            guard counts.allSatisfy({ $0 > 0 }), duration ?? 1 > 0, rate ?? 1 > 0, clockBand ?? 0 >= 0, probes ?? 0 >= 0
            else {
                throw ValidationError("numbers must be above 0")
            }
            guard rate ?? 1 <= 1e8 else { throw ValidationError("--rate is at most 100000000") }
            guard duration ?? 1 <= 1_000_000 else { throw ValidationError("--duration is at most 1000000") }
            guard clockBand ?? 0 <= 3_600 else { throw ValidationError("--clock-band is at most 3600") }
            guard users ?? 1 <= 1_000_000 else { throw ValidationError("--users is at most 1000000") }
            guard connections ?? 1 <= 500 else { throw ValidationError("--connections is at most 500") }
        }

        func run() async throws {
            var settings = NodeRun.Settings()
            settings.nodes = nodes
            if let start { settings.start = start }
            settings.checksLocally = local
            settings.backend = backend
            if let users { settings.users = users }
            settings.passwordFile = passwordFile
            if let duration { settings.seconds = duration }
            settings.answers = answers
            settings.rate = rate
            if let connections { settings.connections = connections }
            if let probes { settings.probes = probes }
            settings.seed = seed
            if let accessTokenLifetime { settings.accessTokenLifetime = accessTokenLifetime }
            settings.clockBand = clockBand
            settings.json = json
            settings.html = html
            let run = NodeRun(settings)
            if let makeUsers { return try run.makeUsers(makeUsers) }
            let status = await run.run()
            if status != 0 { throw ExitCode(status) }
        }
    }
#endif
