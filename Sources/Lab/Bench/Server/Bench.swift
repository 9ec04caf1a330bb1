#if os(Linux)
    import Foundation
    import Glibc
    import ProcessOutput
    import UnixSignals

    /// Measures our daemon beside its peers and the echo server, with real processes on loopback.
    package struct Bench: Sendable {
        private let settings: BenchConfiguration

        package init(_ settings: BenchConfiguration) { self.settings = settings }

        private enum Event {
            case measured(BenchReport)
            case failed(any Error)
            case signal
        }

        /// Measures, prints the tables and writes JSON and charts. Every process that it started has ended when it
        /// returns; only a failure leaves their logs.
        /// - Returns: the exit status.
        package func run() async -> Int32 {
            BenchReport.Machine.warnOfDebugBuild()
            let stage: BenchStage
            do {
                stage = try BenchStage(pins: settings.pins)
            } catch {
                note("cannot prepare the measurement: \(error)")
                return EXIT_FAILURE
            }
            let event = await withTaskGroup(of: Event.self) { group in
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { break }
                    return .signal
                }
                group.addTask {
                    do { return .measured(try await measure(on: stage)) } catch { return .failed(error) }
                }
                let event = await group.next()!
                // A generator that is still under way ends with its server.
                await stage.stop()
                group.cancelAll()
                return event
            }
            if case .failed = event {
                note("the servers' logs are in \(stage.directory)")
            } else {
                stage.removeFiles()
            }
            return finish(event)
        }

        /// Draws the charts of reports that were written before, and measures nothing.
        package static func draw(reports: [String], into directory: String) throws {
            try BenchReport.writeCharts(reports.map { try BenchReport(json: $0) }, into: directory)
        }

        private func measure(on stage: BenchStage) async throws -> BenchReport {
            var report = BenchReport(
                date: Date(),
                machine: .current(server: stage.processors?.server, generator: stage.processors?.generator),
                isDebugBuild: BenchReport.Machine.isDebugBuild,
                keys: settings.keys, connections: settings.connections, alternations: settings.alternations)
            if settings.measuresTLS { report.isEncrypted = true }
            if settings.measuresDurability {
                try await DurabilityBench(settings, stage).run(into: &report)
            } else if settings.measuresMemory {
                try await MemoryBench(settings, stage).run(into: &report)
            } else {
                try await SpeedBench(settings, stage).run(into: &report)
            }
            return report
        }

        private func finish(_ event: Event) -> Int32 {
            switch event {
            case .signal: return 130
            case .failed(let error):
                note("the measurement failed: \(error)")
                return EXIT_FAILURE
            case .measured(let report):
                StandardStream.output.write(report.text)
                do {
                    if let json = settings.json { try report.write(to: json) }
                    if let charts = settings.charts { try BenchReport.writeCharts([report], into: charts) }
                    return EXIT_SUCCESS
                } catch {
                    note("cannot write all of the report: \(error)")
                    return EXIT_FAILURE
                }
            }
        }

        private func note(_ text: String) { StandardStream.error.write(text + "\n") }
    }
#endif
