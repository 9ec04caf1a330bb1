#if os(Linux)
    import ArgumentParser
    import Lab

    /// `revoked-lab bench server`: our daemon beside its peers.
    struct BenchServerCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "server",
            abstract: "Compare the daemon with redis-server, valkey-server, memcached and an echo server.",
            discussion: """
                Starts every server on a free port of 127.0.0.1, loads it, and lets them take turns.
                """)

        @Flag(help: "A short look, with less to rely on.") var quick = false
        @Flag(help: "Measure memory, growth and expiry instead of requests.") var memory = false
        @Flag(help: "Measure what durability costs, on the disk of the temporary directory, instead of requests.")
        var durability = false
        @Flag(help: "Measure requests over TLS 1.3, beside the peers that speak it.") var tls = false
        @Option(
            parsing: .upToNextOption,
            help: "What to ask about durability: \(DurabilityFigures.Question.names) (default: all).")
        var ask: [DurabilityFigures.Question] = []
        @Option(parsing: .upToNextOption, help: "Workloads: \(Workload.names).") var only: [Workload] = []
        @Option(parsing: .upToNextOption, help: "Servers besides ours (default: echo and those installed).")
        var peers: [ServerKind] = []
        @Option(help: "Entries that every server holds (default: 1000000).") var keys: Int?
        @Option(help: "The length of a run (default: 2).") var seconds: Double?
        @Option(help: "The length of a run in requests instead.") var requests: Int?
        @Option(help: "Connections (default: 50).") var connections: Int?
        @Option(parsing: .upToNextOption, help: "Requests in flight per connection (default: 1 16 64).")
        var inFlight: [Int] = []
        @Option(help: "How often every server takes its turn (default: 5).") var alternations: Int?
        @Flag(inversion: .prefixedNo, help: "Keep the servers on one processor and the generator on another.")
        var pin = true
        @Option(help: "A file for all figures as JSON.") var json: String?
        @Option(help: "A directory for charts of CPU per request, and of memory per token.") var svg: String?
        @Option(parsing: .upToNextOption, help: "Draw the charts of these JSON files, and measure nothing.")
        var from: [String] = []

        func validate() throws {
            guard !tls || !(memory || durability) else { throw ValidationError("--tls is of requests") }
            guard from.isEmpty || svg != nil else { throw ValidationError("--from needs --svg") }
            let counts = [keys, requests, connections, alternations].compactMap { $0 } + inFlight
            guard counts.allSatisfy({ $0 > 0 }), seconds ?? 1 > 0 else {
                throw ValidationError("numbers must be above 0")
            }
            guard seconds ?? 1 <= 1e6 else { throw ValidationError("--seconds is at most 1000000") }
            guard inFlight.allSatisfy({ $0 <= 512 }) else { throw ValidationError("--in-flight is at most 512") }
            guard connections ?? 1 <= 5000 else { throw ValidationError("--connections is at most 5000") }
        }

        func run() async throws {
            if let svg, !from.isEmpty { return try Bench.draw(reports: from, into: svg) }
            var settings = BenchConfiguration()
            if quick { settings.makeQuick() }
            settings.measuresMemory = memory
            settings.measuresTLS = tls
            settings.measuresDurability = durability || !ask.isEmpty
            if !ask.isEmpty { settings.questions = ask }
            if !only.isEmpty { settings.workloads = only }
            if !peers.isEmpty { settings.peers = peers }
            if let keys { settings.keys = keys }
            if let seconds { settings.duration = .seconds(seconds) }
            settings.requests = requests
            if let connections { settings.connections = connections }
            if !inFlight.isEmpty { settings.inFlight = inFlight }
            if let alternations { settings.alternations = alternations }
            settings.pins = pin
            settings.json = json
            settings.charts = svg
            let status = await Bench(settings).run()
            if status != 0 { throw ExitCode(status) }
        }
    }

    extension Workload: ExpressibleByArgument {}
    extension DurabilityFigures.Question: ExpressibleByArgument {}
    extension ServerKind: ExpressibleByArgument {}
#endif
