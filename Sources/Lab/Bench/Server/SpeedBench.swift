import Processes

#if os(Linux)
    /// Compares what a request costs: every server takes its turn, again and again, for each workload at each depth.
    struct SpeedBench {
        private let settings: BenchConfiguration
        private let stage: BenchStage
        private let progress: Progress

        init(_ settings: BenchConfiguration, _ stage: BenchStage) {
            self.settings = settings
            self.stage = stage
            progress = Progress(
                total: settings.servers.count
                    * (1 + settings.workloads.count * settings.inFlight.count * settings.alternations))
        }

        func run(into report: inout BenchReport) async throws {
            defer { progress.end() }
            let encryption = settings.measuresTLS ? try BenchEncryption(in: stage.directory) : nil
            var loaded: [BenchServer] = []
            for kind in settings.servers where kind != .echo {
                progress.step("\(kind.rawValue): storing \(settings.keys) keys")
                let server = try await BenchServer.start(kind, on: stage, encryption: encryption)
                try await stage.load(0..<settings.keys, into: server)
                loaded.append(server)
            }
            report.servers = loaded.map { BenchReport.Server(kind: $0.kind, version: $0.version) }
            for workload in settings.workloads {
                var servers = loaded
                let echo = settings.servers.contains(.echo) ? try await startEcho(for: workload) : nil
                if let echo { servers.insert(echo, at: 1) }
                for inFlight in settings.inFlight {
                    let samples = try await compare(servers, workload, inFlight: inFlight)
                    report.samples += samples
                    report.comparisons.append(Comparison(workload, inFlight: inFlight, samples: samples))
                }
                await echo?.process.stop()
            }
            for server in loaded { await server.tunnel?.stop() }
        }

        private func startEcho(for workload: Workload) async throws -> BenchServer {
            let mix = workload.mix(in: .redis(epoch: BenchServer.echoEpoch), lifetime: BenchConfiguration.lifetime)!
            return try await .startEcho(reply: mix[0].template.reply, on: stage)
        }

        private func compare(
            _ servers: [BenchServer], _ workload: Workload, inFlight: Int
        ) async throws -> [BenchReport.Sample] {
            var samples: [BenchReport.Sample] = []
            for alternation in 0..<settings.alternations {
                for server in servers {
                    progress.step("\(workload.title), \(inFlight) in flight: \(server.kind.rawValue)")
                    guard let plan = plan(workload, inFlight: inFlight, for: server) else { continue }
                    let result = try await stage.run(plan, on: server)
                    samples.append(
                        BenchReport.Sample(
                            result, server.kind, workload, inFlight: inFlight, alternation: alternation))
                }
            }
            return samples
        }

        /// - Returns: nil if the server's protocol lacks the workload's operations.
        private func plan(_ workload: Workload, inFlight: Int, for server: BenchServer) -> LoadPlan? {
            guard var mix = workload.mix(in: server.dialect, lifetime: BenchConfiguration.lifetime) else { return nil }
            if server.kind == .echo {
                // It answers the same to everything.
                let reply = mix[0].template.reply
                for index in mix.indices { mix[index].template.reply = reply }
            }
            return LoadPlan(
                mix: mix, connections: settings.connections, inFlight: inFlight, keys: .random(below: settings.keys),
                end: settings.requests.map(LoadPlan.End.requests) ?? .after(settings.duration),
                warmUp: BenchConfiguration.warmUp, server: server.process.identifier)
        }
    }

    extension BenchStage {
        /// Stores keys with ``BenchConfiguration/lifetime``.
        @discardableResult
        func load(
            _ keys: Range<Int>, of keySpace: KeySpace = KeySpace(), into server: BenchServer, connections: Int = 50,
            inFlight: Int = 64, observesPauses: Bool = false
        ) async throws -> LoadResult {
            let template = server.dialect.template(.setex, lifetime: BenchConfiguration.lifetime)!
            return try await run(
                LoadPlan(
                    mix: [(template, 100)], connections: connections, inFlight: inFlight, keys: .each(keys),
                    keySpace: keySpace, end: .withKeys, server: server.process.identifier,
                    observesPauses: observesPauses), on: server)
        }
    }
#endif
