#if os(Linux)
    import ArgumentParser
    import Lab

    /// `revoked-lab load wire`: load on a server of the Redis protocol.
    struct LoadWireCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "wire",
            abstract: "Put load on a server of the Redis protocol: checks and revocations, every answer compared.",
            discussion: """
                Stores --keys revoked tokens under random names, checks and revokes them, and takes them away again. \
                Without --rate every connection sends, waits for its replies and goes on (a closed loop); with it \
                requests are due at a fixed rate, and what they took counts from when they were due (an open loop). \
                Exit status 1 if an answer was wrong or did not come.
                """)

        @Argument(help: "redis://[user:password@]host:port") var url: String
        @Option(help: "Another server that takes turns with the first; prints ratios.") var compare: String?
        @Option(help: "How often each of the two takes its turn.") var alternations = 3
        @Option(help: "Requests per second, whatever the server does (default: as many as it answers).")
        var rate: Double?
        @Option(help: "Connections.") var connections = 50
        @Option(help: "Requests that a connection sends at once; with --rate at most so many.") var inFlight = 1
        @Option(help: "Threads of the load generator.") var threads = 1
        @Option(help: "What a check asks: exists (the token's key) or full (all its scopes and the epoch).")
        var check = WireConfiguration.Check.exists
        @Option(help: "How many of a hundred requests revoke.") var revokePercent = 5
        @Option(help: "How many of a hundred checks ask for a token that is revoked.") var hitPercent = 50
        @Option(help: "Revoked tokens that the server holds meanwhile.") var keys = 100_000
        @Option(help: "Seconds that a run takes (default: 10).") var duration: Double?
        @Option(help: "Requests that a run has, instead of --duration.") var count: Int?
        @Option(help: "Seconds for which the keys are kept (default: 3600, more for longer runs).") var ttl: Int?
        @Flag(help: "Leave the keys there.") var keep = false
        @Option(help: "A file for the report as JSON.") var json: String?
        @Option(help: "A file for the report as one HTML page.") var html: String?

        func validate() throws {
            let counts = [alternations, connections, inFlight, threads, keys] + [count, ttl].compactMap { $0 }
            guard counts.allSatisfy({ $0 > 0 }), rate ?? 1 > 0, duration ?? 1 > 0 else {
                throw ValidationError("numbers must be above 0")
            }
            guard inFlight <= 512 else { throw ValidationError("--in-flight is at most 512") }
            guard connections <= 5000 else { throw ValidationError("--connections is at most 5000") }
            guard threads <= connections else { throw ValidationError("--threads is at most --connections") }
            guard rate ?? 1 <= 1e8 else { throw ValidationError("--rate is at most 100000000") }
            guard keys <= 100_000_000 else { throw ValidationError("--keys is at most 100000000") }
            guard duration ?? 1 <= 1e6 else { throw ValidationError("--duration is at most 1000000") }
            guard (0...100).contains(revokePercent), (0...100).contains(hitPercent) else {
                throw ValidationError("--revoke-percent and --hit-percent are from 0 to 100")
            }
            guard count == nil || duration == nil else {
                throw ValidationError("give --duration or --count, not both")
            }
            let turns = compare == nil ? 1 : 2 * alternations
            guard count != nil || Double(ttl ?? .max) > Double(turns) * (duration ?? 10) + 60 else {
                throw ValidationError("--ttl must be a minute longer than all runs together")
            }
        }

        func run() async throws {
            var settings = WireConfiguration(url: url)
            settings.compared = compare
            settings.alternations = alternations
            settings.rate = rate
            settings.connections = connections
            settings.inFlight = inFlight
            settings.threads = threads
            settings.check = check
            settings.revokePercent = revokePercent
            settings.hitPercent = hitPercent
            settings.keys = keys
            if let duration { settings.duration = .seconds(duration) }
            settings.count = count
            settings.lifetime = ttl
            settings.keepsKeys = keep
            settings.json = json
            settings.html = html
            let status = await WireLoad(settings).run()
            if status != 0 { throw ExitCode(status) }
        }
    }

    extension WireConfiguration.Check: ExpressibleByArgument {}
#endif
