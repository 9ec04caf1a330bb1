#if os(Linux)
    import CLinux
    import Foundation
    import Glibc
    import Logging
    import Processes
    import Revocation

    /// Measures what happens when many followers lose their leases at once and all their checks are asked: how long
    /// until these are answered as fast as before, and whether one is not answered.
    package struct FallBackBench: Sendable {
        /// How the leases are lost.
        package enum Loss: String, CaseIterable, Sendable {
            /// All streams are cut, again and again for a second.
            case streams
            /// The daemon is killed, and started on its data.
            case restart
            /// The daemon is killed, and started without leases: all checks stay asked.
            case off

            fileprivate var words: String {
                switch self {
                case .streams: "the streams are cut for a second"
                case .restart: "the daemon is killed and started again"
                case .off: "the daemon is started again, without leases"
                }
            }
        }

        package var followers = 60
        package var checksPerSecond = 20_000
        /// Before the loss, and after it.
        package var duration: Duration = .seconds(5)
        package var rounds = 3

        private static let entries = 10_000
        private static let copyTime: Duration = .seconds(60)

        package init() {}

        package func run() async throws {
            BenchReport.Machine.warnOfDebugBuild()
            print(
                "| \(followers) followers, \(checksPerSecond) checks/s | p99 before, ms | 1st s | 2nd s | later | asked "
                    + "| away, s | unknown meanwhile | unknown since | the last, s | daemon's cores |")
            print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
            for loss in Loss.allCases {
                for _ in 0..<rounds {
                    try await BenchStage.use(pins: false) { try await measure(loss, on: $0) }
                }
            }
        }

        private func measure(_ loss: Loss, on stage: BenchStage) async throws {
            let log = BenchServer.Log(directory: "\(stage.directory)/data", policy: "always")
            let server = try await BenchServer.start(.revoked, on: stage, log: log)
            _ = try await stage.load(0..<Self.entries, into: server)
            let lists = try await follow(server)
            let checks = PacedChecks(lists, perSecond: checksPerSecond)
            try await Task.sleep(for: duration)
            let lostAt = clinux_time()
            let (now, backAt) = try await lose(loss, server, log, stage)
            let processor = clinux_processor_time(now.process.identifier)
            let countedFrom = clinux_time()
            try await Task.sleep(for: duration)
            let spent = clinux_processor_time(now.process.identifier) - processor
            let cores = Double(spent) / Double(clinux_time() - countedFrom)
            let samples = try await checks.end()
            for list in lists { await list.close() }
            guard let findings = FallBackFindings(samples, lostAt: lostAt, backAt: backAt ?? lostAt) else {
                throw LoadFailure(message: "too few checks were made")
            }
            report(loss, findings, away: (backAt ?? lostAt) - lostAt, cores)
        }

        /// - Returns: lists that answer in their memory.
        private func follow(_ server: BenchServer) async throws -> [RevocationList] {
            var configuration = RevocationConfiguration()
            configuration.checks = .local(maximumBytes: 256 << 20)
            let now = configuration.wallClock()
            let lists = try (0..<followers).map { _ in
                try RevocationList(
                    "redis://127.0.0.1:\(server.port)", configuration: configuration,
                    logger: Logger(label: "revoked.client") { _ in SwiftLogNoOpLogHandler() })
            }
            // The first revocation gives a new denylist its terms.
            try await lists.first?.revoke(ClientOperation.revoke.claims(1_000_000, now))
            let end = ContinuousClock.now + Self.copyTime
            for list in lists {
                _ = await list.verdict(for: ClientOperation.token.claims(1, now))
                while list.answersLocally != true {
                    guard ContinuousClock.now < end else { throw LoadFailure(message: "a copy is not complete") }
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
            return lists
        }

        /// - Returns: the daemon, and since when it answers; nil if it was never away.
        private func lose(
            _ loss: Loss, _ server: BenchServer, _ log: BenchServer.Log, _ stage: BenchStage
        ) async throws -> (server: BenchServer, backAt: Int64?) {
            switch loss {
            case .streams:
                let control = try ControlConnection(port: server.port)
                for _ in 0..<20 {
                    _ = try control.call("CLIENT", "KILL", "TYPE", "replica")
                    try await Task.sleep(for: .milliseconds(50))
                }
                return (server, nil)
            case .restart, .off:
                server.process.signal(SIGKILL)
                _ = try await server.process.end(within: BenchStage.startTime)
                let new = try await BenchServer.start(
                    .revoked, on: stage, log: log, port: server.port, loss == .off ? ["--lease", "0"] : [])
                return (new, clinux_time())
            }
        }

        private func report(_ loss: Loss, _ findings: FallBackFindings, away: Int64, _ cores: Double) {
            func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
            let times = [findings.before, findings.first, findings.second, findings.later]
            let cells =
                [loss.words] + times.map { number(Double($0) / 1e6, 2) } + [
                    "\(findings.asked)", number(Double(away) / 1e9, 2), "\(findings.unknownWhileAway)",
                    "\(findings.unknown)", number(Double(findings.lastUnknown) / 1e9, 2), number(cores, 2),
                ]
            print("| " + cells.joined(separator: " | ") + " |")
        }
    }
#endif
