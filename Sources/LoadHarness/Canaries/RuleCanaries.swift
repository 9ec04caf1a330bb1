#if os(Linux)
    import CLinux
    import Foundation

    /// Plays canaries: with its protection each must show nothing, without it what it is there to show, within a minute.
    struct RuleCanaries: Sendable {
        private static let pollInterval: Duration = .milliseconds(50)

        struct Outcome: Sendable {
            var violations: [Rule: Int] = [:]
            var falseRejections = 0
            var judged = 0
            var isUnavailable = false
            var findings: [String] = []

            func shows(_ sign: RuleCanary.Sign) -> Bool {
                switch sign {
                case .broken(let rule): violations[rule, default: 0] > 0
                case .falseRejection: falseRejections > 0
                case .unavailability: isUnavailable
                }
            }

            /// Whether nothing was wrong, and something was judged.
            var isClean: Bool { judged > 0 && violations.isEmpty && falseRejections == 0 && !isUnavailable }
        }

        let seed: UInt64
        let executable: String

        /// - Parameter isWeakened: whether the protection is taken out; otherwise the same load runs with it.
        /// - Parameter limit: a weakened one ends before, as soon as its sign has shown.
        func play(_ canary: RuleCanary, isWeakened: Bool, for limit: Duration) async throws -> Outcome {
            var settings = NodeStage.Settings()
            settings.accessTokenLifetime = canary.accessTokenLifetime
            let stage = try NodeStage(executable: executable, settings: settings) {
                canary.guests > 0 ? OtherIssuer.two(lead: .seconds(2), keySets: $0) : []
            }
            defer { stage.removeFiles() }
            var plan = NodeLoadPlan(nodes: [], seed: seed)
            plan.users = 20
            plan.connections = 4
            plan.probes = 0
            plan.guests = canary.guests
            plan.mix = canary.mix
            plan.sidesPerSecond = canary.sidesPerSecond
            plan.expiryBand = .milliseconds(500)
            plan.end = .after(limit)
            let fleet = try await CanaryFleet(
                isWeakened ? canary.weakness : nil, policies: [canary.policy, canary.policy], on: stage, plan: &plan)
            plan.nodes = fleet.profiles
            if canary.sidesPerSecond > 0 {
                plan.commandLine = CommandLineClient(fleet.list, namesIssuers: canary.guests > 0)
            }
            do {
                let outcome = try await play(canary, plan, fleet, stopsEarly: isWeakened)
                await fleet.stop()
                return outcome
            } catch {
                await fleet.stop()
                throw error
            }
        }

        private func play(
            _ canary: RuleCanary, _ plan: NodeLoadPlan, _ fleet: CanaryFleet, stopsEarly: Bool
        ) async throws -> Outcome {
            let control = NodeLoadControl()
            let scenario = Task { await canary.scenario.run(on: fleet, control) }
            let watch = Task {
                while stopsEarly, !Task.isCancelled, !canary.hasShown(control) {
                    try? await Task.sleep(for: Self.pollInterval)
                }
                if stopsEarly { control.stop() }
            }
            defer {
                scenario.cancel()
                watch.cancel()
            }
            let found = try await NodeLoad.run(plan, control: control, recorder: LoadRecorder())
            scenario.cancel()
            await scenario.value
            var outcome = Outcome()
            for rule in Rule.allCases where found.tally.violations(of: rule) > 0 {
                outcome.violations[rule] = found.tally.violations(of: rule)
            }
            outcome.falseRejections = found.tally.falseRejections
            outcome.judged = found.tally.judged
            // Without its store, or with another one, a node has to answer 503.
            outcome.isUnavailable = canary.scenario == .calm && !found.figures.availability.failures.isEmpty
            outcome.findings = found.figures.findings
            return outcome
        }
    }

    extension RuleCanary {
        /// Whether its sign has shown already. Unavailability is judged at the end only.
        fileprivate func hasShown(_ control: NodeLoadControl) -> Bool {
            switch sign {
            case .broken(let rule): control.violations[rule, default: 0] > 0
            case .falseRejection: control.falseRejections > 0
            case .unavailability: false
            }
        }
    }

    extension RuleCanary.Scenario {
        /// Does to the nodes' store what it says, until it is cancelled.
        fileprivate func run(on fleet: CanaryFleet, _ control: NodeLoadControl) async {
            guard self != .calm else { return }
            let nodes = Array(fleet.links.indices)
            while (try? await Task.sleep(for: .milliseconds(700))) != nil {
                control.disturb(nodes)
                for link in fleet.links {
                    link.redirect(.all, to: self == .emptyStore ? fleet.otherStore : nil)
                }
                try? await Task.sleep(for: .milliseconds(700))
                for link in fleet.links { link.endRedirection() }
                control.calm(nodes, at: clinux_time())
            }
        }
    }
#endif
