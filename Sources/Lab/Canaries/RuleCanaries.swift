#if os(Linux)
    import CLinux
    import Foundation

    /// Plays canaries: with its protection each must show nothing, without it what it is there to show, within a
    /// minute.
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
        let programs: Programs

        /// - Parameter isWeakened: whether the protection is taken out; otherwise the same load runs with it.
        /// - Parameter limit: a weakened one ends before, as soon as its sign has shown.
        func play(_ canary: RuleCanary, isWeakened: Bool, for limit: Duration) async throws -> Outcome {
            var settings = NodeStage.Settings()
            settings.accessTokenLifetime = canary.accessTokenLifetime
            let stage = try NodeStage(programs: programs, settings: settings) {
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
            if canary.oddity == .slowClock { plan.ageOfExpired = .seconds(300) }
            let fleet = try await CanaryFleet(canary, isWeakened ? canary.weakness : nil, on: stage, plan: &plan)
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
            let scenario = Task { try await canary.scenario.run(on: fleet, control) }
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
            do { try await scenario.value } catch is CancellationError {}
            var outcome = Outcome()
            for rule in Rule.allCases where found.tally.violations(of: rule) > 0 {
                outcome.violations[rule] = found.tally.violations(of: rule)
            }
            outcome.falseRejections = found.tally.falseRejections
            outcome.judged = found.tally.judged
            // Without its store, with another one, or with settings that cannot be right, a node has to answer 503.
            let unavailable =
                canary.scenario == .calm && canary.oddity == nil ? found.figures.availability.failures : []
            outcome.isUnavailable = !unavailable.isEmpty
            let causes = found.figures.unexplained.sorted { $0.value > $1.value }.prefix(5).map {
                "\($0.value): \($0.key)"
            }
            outcome.findings = found.figures.findings + unavailable + (unavailable.isEmpty ? [] : causes)
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
        /// So much must have been revoked before anything happens that could forget it.
        private static let leastRevocations = 30
        private static let poll: Duration = .milliseconds(20)
        private static let interval: Duration = .milliseconds(700)
        /// In milliseconds.
        private static let year: Int64 = 365 * 86_400_000
        /// More than the margin by which revocations outlast what they revoke.
        private static let secondsThatPass: Int64 = 200

        /// Does to nodes and store what it says, until it is cancelled.
        fileprivate func run(on fleet: CanaryFleet, _ control: NodeLoadControl) async throws {
            switch self {
            case .calm: return
            case .storeAway: await redirect(fleet, to: nil, control)
            case .emptyStore: await redirect(fleet, to: fleet.otherStore, control)
            case .acceptedElsewhere:
                try await fleet.acceptOtherStore()
                await redirect(fleet, to: fleet.otherStore, control)
            case .emptiedDirectory, .restartOnWrongClock, .restartOntoEmptyStore, .flushed:
                while control.acknowledgements < Self.leastRevocations { try await Task.sleep(for: Self.poll) }
                control.disturb(Array(fleet.links.indices))
                try await happenOnce(to: fleet)
            case .timePasses:
                while (try? await Task.sleep(for: Self.interval * 2)) != nil {
                    fleet.clock.pass(seconds: Self.secondsThatPass)
                }
            }
        }

        private func happenOnce(to fleet: CanaryFleet) async throws {
            switch self {
            case .emptiedDirectory: try await fleet.restartStore(isEmptied: true)
            case .restartOnWrongClock: try await fleet.restartStore(ahead: Self.year)
            case .restartOntoEmptyStore:
                fleet.links[0].redirect(.all, to: fleet.otherStore)
                try await fleet.restartNode()
            case .flushed:
                try await fleet.flushStore()
                try await fleet.restartNode()
            case .calm, .storeAway, .emptyStore, .acceptedElsewhere, .timePasses: return
            }
        }

        /// - Parameter port: nil for nowhere.
        private func redirect(_ fleet: CanaryFleet, to port: Int?, _ control: NodeLoadControl) async {
            let nodes = Array(fleet.links.indices)
            while (try? await Task.sleep(for: Self.interval)) != nil {
                control.disturb(nodes)
                for link in fleet.links { link.redirect(.all, to: port) }
                try? await Task.sleep(for: Self.interval)
                for link in fleet.links { link.endRedirection() }
                control.calm(nodes, at: clinux_time())
            }
        }
    }
#endif
