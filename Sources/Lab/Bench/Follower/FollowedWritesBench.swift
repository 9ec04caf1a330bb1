#if os(Linux)
    import CLinux
    import Foundation
    import Processes

    /// Measures what followers cost: how long a revocation takes until it is acknowledged, and the daemon's processor
    /// time and traffic, with so many followers that hold a lease and without any.
    package struct FollowedWritesBench: Sendable {
        package var followers = [3, 30, 300]
        package var writesPerSecond = 200
        package var duration: Duration = .seconds(5)
        /// How often each is taken, by turns; the median counts.
        package var rounds = 3

        private static let entries = 10_000

        package init() {}

        private struct Figures {
            /// In microseconds.
            let p50, p99: Double
            /// Cores that the daemon keeps busy.
            let cores: Double
            /// Bytes of streams for each write and follower.
            let bytes: Double
            /// Renewals without a lease.
            let refusals: Int
        }

        package func run() async throws {
            BenchReport.Machine.warnOfDebugBuild()
            try await BenchStage.use(pins: false) { try await run(on: $0) }
        }

        private func run(on stage: BenchStage) async throws {
            let log = BenchServer.Log(directory: "\(stage.directory)/data", policy: "always")
            let server = try await BenchServer.start(
                .revoked, on: stage, log: log,
                ["--threads", "2", "--max-followers", "1024", "--unixsocket", Self.socket(stage)])
            _ = try await stage.load(0..<Self.entries, into: server)
            let counts = [0] + followers
            var figures = [[Figures]](repeating: [], count: counts.count)
            for _ in 0..<rounds {
                for (index, count) in counts.enumerated() {
                    figures[index].append(try await measure(count, server, stage))
                }
            }
            report(counts, figures)
        }

        private static func socket(_ stage: BenchStage) -> String { "\(stage.directory)/socket" }

        private func measure(_ count: Int, _ server: BenchServer, _ stage: BenchStage) async throws -> Figures {
            let crowd = try await FollowerCrowd(count, at: Self.socket(stage))
            let (before, processorBefore) = (crowd.figures, clinux_processor_time(server.process.identifier))
            let writers = try PacedWriters(server, perSecond: writesPerSecond)
            try await Task.sleep(for: duration)
            let times = try writers.end().sorted()
            let spent = clinux_processor_time(server.process.identifier) - processorBefore
            let after = crowd.figures
            try await crowd.end()
            guard times.count > 100 else { throw LoadFailure(message: "too few revocations were written") }
            return Figures(
                p50: Double(times[times.count / 2]) / 1e3, p99: Double(times[times.count * 99 / 100]) / 1e3,
                cores: Double(spent) / Double(duration.inNanoseconds),
                bytes: Double(after.streamed - before.streamed)
                    / Double(max(1, count * writesPerSecond)) / (Double(duration.inNanoseconds) / 1e9),
                refusals: after.refusals - before.refusals)
        }

        private func report(_ counts: [Int], _ figures: [[Figures]]) {
            print("| followers | p50 µs | p99 µs | p50 ÷ without | p99 ÷ without | daemon's cores | bytes | refused |")
            print("|---|---:|---:|---:|---:|---:|---:|---:|")
            for (index, count) in counts.enumerated() {
                let (own, without) = (figures[index], figures[0])
                let values: [(Double, Int)] = [
                    (own.map(\.p50).median, 0), (own.map(\.p99).median, 0),
                    (zip(own, without).map { $0.p50 / $1.p50 }.median, 2),
                    (zip(own, without).map { $0.p99 / $1.p99 }.median, 2), (own.map(\.cores).median, 3),
                    (own.map(\.bytes).median, 0), (Double(own.map(\.refusals).reduce(0, +)), 0),
                ]
                print("| \(count) | " + values.map { String(format: "%.\($1)f", $0) }.joined(separator: " | ") + " |")
            }
        }
    }
#endif
