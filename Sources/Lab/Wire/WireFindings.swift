#if os(Linux)
    /// What the figures of a server's runs mean: what they cost, and what kept them from being better.
    struct WireFindings {
        /// More than this of a processor's time is all of it.
        private static let full = 0.9
        /// More than this is too much to be lost to other processes.
        private static let disturbance = 0.1
        /// So much of the wanted rate counts as reached.
        private static let reached = 0.99
        /// Later than this a request of an open loop should not be sent, in microseconds.
        private static let latest = 1000.0

        private let result: LoadResult
        private let server: WireServer
        private let settings: WireConfiguration
        private let name: String?

        /// - Parameter name: of the server, where there are two.
        init(_ result: LoadResult, _ server: WireServer, _ settings: WireConfiguration, name: String?) {
            self.result = result
            self.server = server
            self.settings = settings
            self.name = name
        }

        var facts: [LoadReport.Fact] {
            let prefix = name.map { $0 + ": " } ?? ""
            var facts = [
                LoadReport.Fact(
                    "rate",
                    "\(Quantity.count(Int(result.requestsPerSecond)))/s"
                        + (settings.rate.map { " of \(Quantity.count(Int($0)))/s wanted" } ?? "")),
                LoadReport.Fact("server CPU per request", serverTime),
                LoadReport.Fact(
                    "harness CPU per recorded operation",
                    "\(BenchReport.short(result.generatorTime)) µs, \(percent(generatorShare)) of its processor time"),
                LoadReport.Fact("limit", limit.text),
            ]
            if settings.rate != nil {
                facts.append(
                    LoadReport.Fact(
                        "sent late by the harness",
                        "p50 \(Quantity.time(result.lateness.percentile(50))), p99 "
                            + "\(Quantity.time(result.lateness.percentile(99))), max "
                            + Quantity.time(result.lateness.percentile(100))))
            }
            return facts.map { LoadReport.Fact(prefix + $0.name, $0.value) }
        }

        var warnings: [String] {
            var warnings: [String] = []
            if let rate = settings.rate, result.requestsPerSecond < Self.reached * rate || result.unsent > 0 {
                warnings.append(
                    "the rate was not reached: \(Quantity.count(Int(result.requestsPerSecond)))/s of "
                        + "\(Quantity.count(Int(rate)))/s; \(Quantity.count(result.unsent)) requests that were due were "
                        + "never sent; the limit: \(limit.text)")
            } else if limit == .harness {
                warnings.append("the limit was \(limit.text): rate and latency are its, not the server's")
            }
            if settings.rate != nil, result.lateness.percentile(99) > Self.latest {
                warnings.append(
                    "the harness sent requests late (p99 \(Quantity.time(result.lateness.percentile(99)))): it is part of "
                        + "the latencies")
            }
            if waitingShare > Self.disturbance {
                warnings.append(
                    "the harness waited for a processor \(percent(waitingShare)) of the time: others took it")
            }
            return warnings.map { (name.map { $0 + ": " } ?? "") + $0 }
        }

        /// What kept the rate from being higher.
        enum Limit {
            case server, harness, disturbance, replies, rate, unknown

            var text: String {
                switch self {
                case .server: "the server, which had no processor time left"
                case .harness: "the harness, which had no processor time left (--threads gives it more)"
                case .disturbance: "other processes, which took the processor"
                case .replies: "neither: every connection waited for replies (--connections and --in-flight send more)"
                case .rate: "the rate that was asked for"
                case .unknown: "not known: the server's processor time cannot be read here"
                }
            }
        }

        var limit: Limit {
            if let rate = settings.rate, result.requestsPerSecond >= Self.reached * rate { return .rate }
            if server.process != nil, serverShare >= Self.full { return .server }
            if generatorShare >= Self.full { return .harness }
            if waitingShare > Self.disturbance { return .disturbance }
            return server.process == nil ? .unknown : .replies
        }

        private var serverTime: String {
            guard server.process != nil else {
                return "not known: its process is not one of this machine that we may see"
            }
            return "\(BenchReport.short(result.serverTime)) µs, \(percent(serverShare)) of a processor"
        }

        private var serverShare: Double { Double(result.serverNanoseconds) / time }
        private var generatorShare: Double { Double(result.generatorNanoseconds) / time / Double(result.threads) }
        private var waitingShare: Double { Double(result.generatorWaiting) / time / Double(result.threads) }
        private var time: Double { Double(max(1, result.nanoseconds)) }

        private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
    }

    extension WireConfiguration {
        /// As a report names them.
        func facts(_ servers: [WireServer]) -> [LoadReport.Fact] {
            var facts = [LoadReport.Fact("server", servers[0].description)]
            if servers.count > 1 {
                facts.append(.init("compared with", servers[1].description))
                facts.append(.init("turns of each", "\(alternations)"))
            }
            facts += [
                .init("loop", rate.map { "open, \(Quantity.count(Int($0)))/s" } ?? "closed"),
                .init("connections", "\(connections)"), .init("in flight", "\(inFlight)"),
                .init("threads", "\(threads)"), .init("check", check.rawValue),
                .init("revoking", "\(revokePercent) %"), .init("checks of revoked tokens", "\(hitPercent) %"),
                .init("stored keys", Quantity.count(keys)),
            ]
            facts.append(
                count.map { .init("requests", Quantity.count($0)) }
                    ?? .init("duration", Quantity.time(Double(duration.inNanoseconds) / 1e3)))
            return facts
        }
    }
#endif
