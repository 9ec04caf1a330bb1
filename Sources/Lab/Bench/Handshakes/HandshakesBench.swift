#if os(Linux)
    import Foundation
    import Processes

    /// Measures checks over TLS while thousands of other clients connect over TLS at once, and the memory that each of
    /// them takes when it is idle.
    package struct HandshakesBench: Sendable {
        package var clients = 5_000
        /// How long checks are measured, from when the others begin to connect.
        package var duration: Duration = .seconds(5)
        /// How often each is taken; the median counts.
        package var rounds = 3
        package var checksPerSecond = 500

        private static let entries = 100_000
        /// redis-server looks at an idle client's buffers about once a second, and frees them when it has been idle for
        /// two.
        private static let rest = Duration.seconds(8)

        private struct Figures {
            /// Of a check, in microseconds.
            var without = 0.0
            var p99 = 0.0
            var arrival = TLSCrowd.Arrival()
            /// Resident memory for each client that connected.
            var bytes = 0.0
        }

        package init() {}

        package func run() async throws {
            BenchReport.Machine.warnOfDebugBuild()
            let kinds: [ServerKind] = [.revoked, .redis, .valkey].filter { ServerKind.installed.contains($0) }
            print(
                "| server | p99 of a check µs | without | answered | lost | the last after s | KiB of an idle one |")
            print("|---|" + String(repeating: "---:|", count: 6))
            var rows: [ServerKind: [Figures]] = [:]
            for _ in 0..<rounds {
                for kind in kinds {
                    try await BenchStage.use(pins: false) { stage in
                        rows[kind, default: []].append(try await measure(kind, on: stage))
                    }
                }
            }
            for kind in kinds { report(kind, rows[kind] ?? []) }
        }

        private func measure(_ kind: ServerKind, on stage: BenchStage) async throws -> Figures {
            try BenchStage.allowDescriptors(clients + 200)
            let encryption = try BenchEncryption(in: stage.directory)
            let server = try await BenchServer.start(
                kind, on: stage, encryption: encryption,
                ["--maxclients", "20000"] + (kind == .revoked ? ["--threads", "2"] : []))
            guard let tunnel = server.tunnel else { throw LoadFailure(message: "the server speaks no TLS") }
            _ = try await stage.load(0..<Self.entries, into: server)
            var figures = Figures()
            figures.without = try await p99(server, stage)
            let crowd = TLSCrowd(clients, to: tunnel.server, try encryption.clientContext())
            let before = try ProcessMemory.resident(server.process.identifier)
            async let arrival = crowd.arrive()
            figures.p99 = try await p99(server, stage)
            figures.arrival = try await arrival
            try await Task.sleep(for: Self.rest)
            let grown = try ProcessMemory.resident(server.process.identifier) - before
            figures.bytes = Double(grown) / Double(max(1, figures.arrival.answered))
            await crowd.end()
            await tunnel.stop()
            await server.process.stop()
            return figures
        }

        private func p99(_ server: BenchServer, _ stage: BenchStage) async throws -> Double {
            try await stage.runChecks(on: server, perSecond: checksPerSecond, of: Self.entries, for: duration)
                .latency(atPercentile: 99)
        }

        private func report(_ kind: ServerKind, _ rows: [Figures]) {
            func median(_ value: (Figures) -> Double) -> Double { rows.map(value).median }
            let values: [(Double, Int)] = [
                (median(\.p99), 0), (median(\.without), 0), (median { Double($0.arrival.answered) }, 0),
                (Double(rows.reduce(0) { $0 + $1.arrival.lost }), 0), (median(\.arrival.seconds), 1),
                (median(\.bytes) / 1024, 1),
            ]
            print(
                "| \(kind.rawValue) | " + values.map { String(format: "%.\($1)f", $0) }.joined(separator: " | ") + " |")
        }
    }
#endif
