#if os(Linux)
    import CLinux
    import Foundation
    import Processes

    /// Measures how long checks take while many other clients are sent what is revoked: beside subscribers, and beside
    /// clients that keep copies of keys (`CLIENT TRACKING`), with them and without by turns.
    package struct ListenersBench: Sendable {
        package var duration: Duration = .seconds(5)
        /// How often each is taken; the median counts.
        package var rounds = 5
        package var checksPerSecond = 500

        private static let entries = 100_000
        private static let warmUp = Duration.milliseconds(500)

        /// Who listens, and to how much.
        private struct Audience {
            let title: String
            let count: Int
            let writesPerSecond: Int
            let commands: [[String]]
        }

        private static let audiences = [
            Audience(
                title: "10,000 subscribers, 10 revocations/s", count: 10_000, writesPerSecond: 10,
                commands: [["SUBSCRIBE", "__keyevent@0__:set"]]),
            Audience(
                title: "100 subscribers, 1,000 revocations/s", count: 100, writesPerSecond: 1_000,
                commands: [["SUBSCRIBE", "__keyevent@0__:set"]]),
            Audience(
                title: "1,000 tracking (BCAST), 100 revocations/s", count: 1_000, writesPerSecond: 100,
                commands: [["HELLO", "3"], ["CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "revoked:"]]),
        ]

        private struct Figures {
            /// In microseconds.
            let p50, p99: Double
            /// Cores that the server keeps busy.
            let cores: Double
            /// Of a listener, for each revocation.
            var bytes = 0.0
        }

        package init() {}

        package func run() async throws {
            BenchReport.Machine.warnOfDebugBuild()
            let kinds: [ServerKind] = [.revoked, .redis, .valkey].filter { ServerKind.installed.contains($0) }
            print(
                "| server | who listens | p50 µs | without | p99 µs | without | p50 ÷ without | p99 ÷ without "
                    + "| cores | without | bytes |")
            print("|---|---|" + String(repeating: "---:|", count: 9))
            for audience in Self.audiences {
                for kind in kinds {
                    try await BenchStage.use(pins: false) { try await measure(kind, audience, on: $0) }
                }
            }
        }

        private func measure(_ kind: ServerKind, _ audience: Audience, on stage: BenchStage) async throws {
            try BenchStage.allowDescriptors(audience.count + 200)
            let socket = "\(stage.directory)/socket"
            let directory = "\(stage.directory)/data"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let server = try await BenchServer.start(
                kind, on: stage, log: BenchServer.Log(directory: directory, policy: "always"),
                [
                    "--maxclients", "20000", "--notify-keyspace-events", "KEA", "--unixsocket", socket,
                ] + (kind == .revoked ? ["--threads", "2"] : []))
            _ = try await stage.load(0..<Self.entries, into: server)
            var pairs: [(without: Figures, with: Figures)] = []
            for _ in 0..<rounds {
                let without = try await measureChecks(server, audience, stage)
                let crowd = try await ListenerCrowd(audience.count, at: socket, audience.commands)
                let before = crowd.bytes
                var with = try await measureChecks(server, audience, stage)
                with.bytes = Double(crowd.bytes - before)
                try await crowd.end()
                pairs.append((without, with))
            }
            report(kind, audience, pairs)
        }

        private func measureChecks(
            _ server: BenchServer, _ audience: Audience, _ stage: BenchStage
        ) async throws -> Figures {
            let writers = try PacedWriters(server, perSecond: audience.writesPerSecond)
            let result = try await stage.runChecks(
                on: server, perSecond: checksPerSecond, of: Self.entries, for: duration, warmUp: Self.warmUp)
            try writers.end()
            return Figures(
                p50: result.latency(atPercentile: 50), p99: result.latency(atPercentile: 99),
                cores: Double(result.serverNanoseconds) / Double(duration.inNanoseconds))
        }

        private func report(
            _ kind: ServerKind, _ audience: Audience, _ pairs: [(without: Figures, with: Figures)]
        ) {
            func median(_ value: ((without: Figures, with: Figures)) -> Double) -> Double { pairs.map(value).median }
            let seconds = Double((Self.warmUp + duration).inNanoseconds) / 1e9
            let messages = Double(audience.count * audience.writesPerSecond) * seconds
            let values: [(Double, Int)] = [
                (median(\.with.p50), 0), (median(\.without.p50), 0), (median(\.with.p99), 0),
                (median(\.without.p99), 0), (median { $0.with.p50 / $0.without.p50 }, 2),
                (median { $0.with.p99 / $0.without.p99 }, 2), (median(\.with.cores), 2),
                (median(\.without.cores), 2), (median { $0.with.bytes / messages }, 0),
            ]
            print(
                "| \(kind.rawValue) | \(audience.title) | "
                    + values.map { String(format: "%.\($1)f", $0) }.joined(separator: " | ") + " |")
        }
    }
#endif
