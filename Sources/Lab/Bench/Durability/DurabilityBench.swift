#if os(Linux)
    import Foundation
    import Processes

    /// Measures what durability costs, beside a redis-server with the same settings: a fresh process on a fresh
    /// directory for each question, by turns.
    struct DurabilityBench {
        private let settings: BenchConfiguration
        private let stage: BenchStage
        private let progress: Progress
        private let kinds: [ServerKind]

        init(_ settings: BenchConfiguration, _ stage: BenchStage) {
            self.settings = settings
            self.stage = stage
            kinds = settings.servers.filter { $0 == .revoked || $0 == .redis || $0 == .valkey }
            progress = Progress(
                total: kinds.count * settings.alternations * settings.questions.count)
        }

        func run(into report: inout BenchReport) async throws {
            defer { progress.end() }
            try stage.requireDisk()
            for kind in kinds {
                let server = try await BenchServer.start(kind, on: stage)
                report.servers.append(BenchReport.Server(kind: kind, version: server.version))
                await server.process.stop()
            }
            for question in settings.questions {
                var figures = DurabilityFigures(question)
                for _ in 0..<settings.alternations {
                    for kind in kinds {
                        progress.step("\(question.title): \(kind.rawValue)")
                        let directory = try stage.makeDirectory()
                        defer { try? FileManager.default.removeItem(atPath: directory) }
                        figures.values[kind, default: []].append(try await measure(question, kind, directory))
                    }
                }
                report.durability.append(figures)
            }
        }

        private func measure(
            _ question: DurabilityFigures.Question, _ kind: ServerKind, _ directory: String
        ) async throws -> Double {
            let policy = [.setexTime, .recovery, .snapshotMemory].contains(question) ? "everysec" : "always"
            let server = try await BenchServer.start(kind, on: stage, log: .init(directory: directory, policy: policy))
            do {
                let value: Double
                switch question {
                case .setexRate:
                    let result = try await run(.setex, on: server, inFlight: 1)
                    value = Double(result.requests) / Double(result.nanoseconds) * 1e9
                case .setexTime:
                    let result = try await run(.setex, on: server, inFlight: 16)
                    value = Double(result.serverNanoseconds) / 1e3 / Double(max(1, result.requests))
                case .existsUnderWrites: value = try await p99(.existsHit, on: server, writesPerSecond: 2000)
                case .checkBesideRevokes:
                    let without = try await p99(.check, on: server, writesPerSecond: 0)
                    value = try await p99(.check, on: server, writesPerSecond: 500) / without
                case .recovery: value = try await recovery(server, directory)
                case .snapshotMemory: value = try await snapshotMemory(server)
                }
                await server.process.stop()
                return value
            } catch {
                await server.process.stop()
                throw error
            }
        }

        private static let hotKeys = 100_000

        private func run(_ workload: Workload, on server: BenchServer, inFlight: Int, connections: Int? = nil)
            async throws -> LoadResult
        {
            guard let mix = workload.mix(in: server.dialect, lifetime: BenchConfiguration.lifetime) else {
                throw LoadFailure(message: "\(server.kind.rawValue) lacks \(workload.title)")
            }
            return try await stage.run(
                LoadPlan(
                    mix: mix, connections: connections ?? settings.connections, inFlight: inFlight,
                    keys: .random(below: Self.hotKeys), end: .after(settings.duration),
                    warmUp: BenchConfiguration.warmUp, server: server.process.identifier), on: server)
        }

        /// In microseconds, of one client with one request in flight.
        private func p99(_ workload: Workload, on server: BenchServer, writesPerSecond: Int) async throws -> Double {
            try await stage.load(0..<Self.hotKeys, into: server)
            let writers = try PacedWriters(server, perSecond: writesPerSecond)
            let result = try await run(workload, on: server, inFlight: 1, connections: 1)
            try writers.end()
            return result.latency(atPercentile: 99)
        }

        /// Ends the server in order, starts it again and asks until it answers.
        private func recovery(_ server: BenchServer, _ directory: String) async throws -> Double {
            try await stage.load(0..<settings.keys, into: server)
            // Ours and Redis' both write what is left first.
            _ = try? ControlConnection(port: server.port).call("SHUTDOWN", "NOSAVE")
            try await server.process.end(within: .seconds(60))
            let start = ContinuousClock.now
            let again = try await BenchServer.start(
                server.kind, on: stage, log: .init(directory: directory, policy: "everysec"))
            let seconds = Double((ContinuousClock.now - start).inNanoseconds) / 1e9
            let entries = try again.entryCount()
            await again.process.stop()
            guard entries >= settings.keys else {
                throw LoadFailure(message: "\(server.kind.rawValue) came back with \(entries) entries")
            }
            return seconds
        }

        private func snapshotMemory(_ server: BenchServer) async throws -> Double {
            let control = try ControlConnection(port: server.port)
            // The rewrite that is measured is the only one.
            _ = try control.call("CONFIG", "SET", "auto-aof-rewrite-percentage", "0")
            try await stage.load(0..<settings.keys, into: server)
            let before = try ProcessMemory.proportional(server.process.identifier)
            let writers = try PacedWriters(server, perSecond: 10_000)
            _ = try control.call("BGREWRITEAOF")
            var peak = before
            repeat {
                peak = max(peak, try ProcessMemory.proportional(server.process.identifier))
                try await Task.sleep(for: .milliseconds(20))
            } while BenchServer.field(
                "aof_rewrite_in_progress", of: try control.call("INFO", "persistence")) == "1"
            try writers.end()
            return Double(peak) / Double(before)
        }
    }

    extension BenchStage {
        /// A directory for one server's data.
        fileprivate func makeDirectory() throws -> String {
            let path = "\(directory)/data-\(UUID().uuidString.lowercased())"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            return path
        }

        /// What is written to memory proves nothing.
        fileprivate func requireDisk() throws {
            let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8).split(separator: "\n")
                .map { $0.split(separator: " ") }
            let mount = mounts.filter { "\(directory)/".hasPrefix($0[1] == "/" ? "/" : "\($0[1])/") }
                .max { $0[1].count < $1[1].count }
            guard let mount, mount[2] != "tmpfs" else {
                throw LoadFailure(message: "\(directory) is in memory: set TMPDIR to a directory on a disk")
            }
        }
    }
#endif
