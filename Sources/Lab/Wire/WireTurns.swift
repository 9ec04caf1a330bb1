#if os(Linux)
    import Foundation
    import Synchronization

    /// The runs on one server, or on two in turns, all on one time line.
    final class WireTurns: Sendable {
        private struct Turn {
            var server: Int
            var result: LoadResult
        }

        private struct State {
            var turns: [Turn] = []
            var phases: [LoadReport.Phase] = []
            /// The end of the last turn in the time line, in seconds.
            var end = 0.0
        }

        private let settings: WireConfiguration
        private let population: WirePopulation
        private let stop: StopFlag
        private let recorder = LoadRecorder()
        private let state = Mutex(State())

        init(_ settings: WireConfiguration, _ population: WirePopulation, _ stop: StopFlag) {
            self.settings = settings
            self.population = population
            self.stop = stop
        }

        /// - Throws: ``LoadFailure`` for the first wrong answer, and if the keys would expire before the end.
        func run(on servers: [WireServer]) async throws {
            let turns = servers.count == 1 ? 1 : settings.alternations * servers.count
            let display = LoadDisplay(
                recorder, end: settings.count.map { .count($0 * turns) } ?? .after(settings.duration * turns))
            defer { display.stop() }
            let isExpiring = StopFlag()
            let watch = Task { [stop, population] in
                try await Task.sleep(until: population.deadline, clock: .continuous)
                isExpiring.set()
                stop.set()
            }
            defer { watch.cancel() }
            for turn in 0..<turns where !stop.isSet {
                let index = turn % servers.count
                try await run(on: servers[index], index, among: servers)
            }
            if isExpiring.isSet {
                throw LoadFailure(message: "the run was ended before its keys expired: give a longer --ttl")
            }
        }

        private func run(on server: WireServer, _ index: Int, among servers: [WireServer]) async throws {
            // Turns share no second.
            let rest = Double(LoadPlan.Recording.rest.inNanoseconds) / 1e9
            let firstSecond = Int(max(0, state.withLock { $0.end } - rest).rounded(.up))
            let plan = LoadPlan(
                mix: settings.mix(
                    in: .redis(epoch: server.epoch), named: servers.count == 1 ? "" : label(index, servers) + ": "),
                pace: settings.rate.map { .openLoop(requestsPerSecond: $0) } ?? .closedLoop,
                connections: settings.connections, inFlight: settings.inFlight,
                keys: .random(below: population.count), keySpace: population.keySpace,
                end: settings.count.map(LoadPlan.End.requests) ?? .after(settings.duration), warmUp: settings.warmUp,
                server: server.process, recording: .init(recorder: recorder, firstSecond: firstSecond), stop: stop)
            let result = try await LoadGenerator.run(plan, on: server.address, threads: settings.threads)
            let end = Double(firstSecond) + Double(result.nanoseconds) / 1e9
            state.withLock { state in
                state.turns.append(Turn(server: index, result: result))
                state.phases.append(.init(name: label(index, servers), start: Double(firstSecond), end: end))
                state.end = end
            }
        }

        /// What a server is called where there are two.
        private func label(_ index: Int, _ servers: [WireServer]) -> String {
            let isUnique = servers.count { $0.name == servers[index].name } == 1
            return isUnique ? servers[index].name : servers[index].description
        }

        /// Puts what was measured into a report.
        func fill(_ report: inout LoadReport, _ servers: [WireServer]) {
            recorder.fill(&report)
            let state = state.withLock { $0 }
            report.seconds = state.turns.isEmpty ? Double(report.timeLine.count) : state.end
            let results = servers.indices.map { index in
                state.turns.filter { $0.server == index }.map(\.result)
            }
            for (index, server) in servers.enumerated() where !results[index].isEmpty {
                let findings = WireFindings(
                    LoadResult(inSequence: results[index]), server, settings,
                    name: servers.count == 1 ? nil : label(index, servers))
                report.facts += findings.facts
                report.warnings += findings.warnings
            }
            guard servers.count == 2 else { return }
            report.phases = state.phases
            let pairs = min(results[0].count, results[1].count)
            guard pairs > 0 else { return }
            report.comparisons = [
                .init(
                    title: "in turns", first: label(0, servers), second: label(1, servers),
                    results[0].prefix(pairs), results[1].prefix(pairs))
            ]
        }
    }

    extension LoadReport.Comparison {
        /// - Parameter first: the runs of a server; those of the other in the same order.
        fileprivate init(
            title: String, first firstName: String, second secondName: String, _ first: ArraySlice<LoadResult>,
            _ second: ArraySlice<LoadResult>
        ) {
            func figure(_ name: String, _ value: (LoadResult) -> Double) -> Figure? {
                let figure = Figure(name: name, first: first.map(value), second: second.map(value))
                // What is not known of one cannot be compared.
                return (figure.first + figure.second).allSatisfy { $0 > 0 } ? figure : nil
            }
            self.init(
                title: title, first: firstName, second: secondName,
                figures: [
                    figure("server CPU µs per request", \.serverTime), figure("requests/s", \.requestsPerSecond),
                    figure("p50 µs") { $0.latency(atPercentile: 50) },
                    figure("p99 µs") { $0.latency(atPercentile: 99) },
                    figure("p99.9 µs") { $0.latency(atPercentile: 99.9) },
                ].compactMap { $0 })
        }
    }
#endif
