#if os(Linux)
    import Foundation
    import Glibc
    import ProcessOutput
    import UnixSignals

    /// `revoked-lab load wire`: load on a running server of the Redis protocol, or on two in turns.
    package struct WireLoad: Sendable {
        private let settings: WireConfiguration

        package init(_ settings: WireConfiguration) { self.settings = settings }

        /// Runs it, prints the summary and writes the report's files.
        /// - Returns: the exit status: 1 if an answer was wrong or there was none.
        package func run() async -> Int32 {
            BenchReport.Machine.warnOfDebugBuild()
            let stop = StopFlag()
            let signals = Task {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { stop.set() }
            }
            defer { signals.cancel() }
            do {
                for path in [settings.json, settings.html].compactMap({ $0 }) { try Self.checkWritable(path) }
                var report = try await measure(stop)
                let wasStopped = stop.isSet && report.failures.isEmpty
                if wasStopped { report.warnings.append("it was stopped by a signal before its end") }
                StandardStream.output.write(report.text)
                if let json = settings.json { try report.write(json: json) }
                if let html = settings.html { try report.write(html: html) }
                return wasStopped ? 130 : report.hasPassed ? EXIT_SUCCESS : EXIT_FAILURE
            } catch {
                Self.note("\(error)")
                return EXIT_FAILURE
            }
        }

        /// - Throws: if no load could be put on the servers at all.
        private func measure(_ stop: StopFlag) async throws -> LoadReport {
            var servers: [WireServer] = []
            for url in [settings.url] + (settings.compared.map { [$0] } ?? []) {
                servers.append(try await WireServer.contact(url, note: Self.note))
            }
            var report = LoadReport("revoked-lab load wire", settings: settings.facts(servers))
            let population = WirePopulation(
                KeySpace(seed: .random(in: 0...UInt64.max)), count: settings.keys, lifetime: settings.keyLifetime)
            let turns = WireTurns(settings, population, stop)
            do {
                for server in servers where !stop.isSet {
                    Self.note("storing \(Quantity.count(settings.keys)) revoked tokens on \(server)")
                    try await population.fill(server, stop)
                }
                try await turns.run(on: servers)
            } catch let failure as LoadFailure {
                report.failures.append(failure.message)
            }
            turns.fill(&report, servers)
            if report.operations.allSatisfy({ $0.count == 0 }), report.failures.isEmpty, !stop.isSet {
                report.failures.append("no answer came during the run")
            }
            for server in servers where !settings.keepsKeys {
                if let left = population.remove(from: server) { report.warnings.append(left) }
            }
            return report
        }

        private static func checkWritable(_ path: String) throws(LoadFailure) {
            let directory = URL(filePath: path).deletingLastPathComponent().path
            guard access(directory, W_OK) == 0, access(path, W_OK) == 0 || errno == ENOENT else {
                throw LoadFailure(message: "cannot write \(path): \(String(cString: strerror(errno)))")
            }
        }

        private static func note(_ text: String) { StandardStream.error.write(text + "\n") }
    }

    extension WireServer: CustomStringConvertible {
        var description: String { "\(name) at \(address)" }
    }
#endif
