#if os(Linux)
    import Foundation
    import Glibc
    import Processes

    /// Measures what entries and connections take, how long an insert waits while the table grows, and what comes back
    /// when entries expire. A fresh process for each server and each question.
    struct MemoryBench {
        private static let growthBatch = 16

        private let settings: BenchConfiguration
        private let stage: BenchStage
        private let progress: Progress
        private let kinds: [ServerKind]

        init(_ settings: BenchConfiguration, _ stage: BenchStage) {
            self.settings = settings
            self.stage = stage
            kinds = settings.servers.filter { $0 != .echo && $0 != .memcached }
            let expiries = settings.measuresExpiry ? MemoryFigures.Expiry.Keys.allCases.count : 0
            progress = Progress(total: kinds.count * (settings.memorySizes.count + 1 + expiries))
        }

        func run(into report: inout BenchReport) async throws {
            defer { progress.end() }
            try BenchStage.allowDescriptors(settings.idleConnections + 100)
            for kind in kinds {
                var figures = try await measureConnections(kind, &report)
                try await measureGrowth(&figures)
                for keys in MemoryFigures.Expiry.Keys.allCases where settings.measuresExpiry {
                    progress.step("\(kind.rawValue): \(ExpiryBench.entries) \(keys.rawValue) entries expire together")
                    figures.expiries.append(try await ExpiryBench(stage).run(kind, keys))
                }
                report.memory.append(figures)
            }
        }

        /// The empty server, then with idle connections that have each asked something once.
        private func measureConnections(_ kind: ServerKind, _ report: inout BenchReport) async throws -> MemoryFigures {
            progress.step("\(kind.rawValue): \(settings.idleConnections) idle connections")
            let server = try await BenchServer.start(kind, on: stage)
            report.servers.append(BenchReport.Server(kind: kind, version: server.version))
            let empty = try ProcessMemory.resident(server.process.identifier)
            var connections: [ControlConnection] = []
            for _ in 0..<settings.idleConnections {
                let connection = try ControlConnection(port: server.port)
                _ = try connection.call("PING")
                connections.append(connection)
            }
            let grown = try ProcessMemory.resident(server.process.identifier) - empty
            withExtendedLifetime(connections) {}
            await server.process.stop()
            return MemoryFigures(
                server: kind, empty: empty, idleConnections: settings.idleConnections,
                bytesPerIdleConnection: Double(grown) / Double(settings.idleConnections), sizes: [])
        }

        /// Up to the first size at full speed, from there on with one connection whose batches are timed.
        private func measureGrowth(_ figures: inout MemoryFigures) async throws {
            let server = try await BenchServer.start(figures.server, on: stage)
            let empty = try ProcessMemory.resident(server.process.identifier)
            var stored = 0
            for size in settings.memorySizes {
                progress.step("\(figures.server.rawValue): \(size) entries")
                let isFirst = stored == 0
                let result = try await stage.load(
                    stored..<size, into: server, connections: isFirst ? 50 : 1,
                    inFlight: isFirst ? 64 : Self.growthBatch, observesPauses: !isFirst)
                if !isFirst { figures.growth = growth(result, after: figures.growth) }
                stored = size
                let resident = try ProcessMemory.resident(server.process.identifier)
                figures.sizes.append(
                    MemoryFigures.Size(
                        entries: size, resident: resident, bytesPerEntry: Double(resident - empty) / Double(size),
                        usedMemory: try server.usedMemory(),
                        serverTimePerInsert: Double(result.serverNanoseconds) / 1e3 / Double(result.requests)))
            }
            await server.process.stop()
        }

        private func growth(_ result: LoadResult, after earlier: MemoryFigures.Growth?) -> MemoryFigures.Growth {
            MemoryFigures.Growth(
                batchSize: Self.growthBatch,
                longest: max(earlier?.longest ?? 0, Double(result.longestBatch) / 1e3),
                longestServerTime: max(earlier?.longestServerTime ?? 0, Double(result.longestServerBatch) / 1e3),
                p999: max(earlier?.p999 ?? 0, result.latency(atPercentile: 99.9)))
        }
    }
#endif
