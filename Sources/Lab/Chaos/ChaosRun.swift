#if os(Linux)
    import CLinux
    import Foundation
    import ProcessOutput

    /// `revoked-lab load chaos`: users on nodes while daemon, nodes, network, disk and clocks fail.
    package struct ChaosRun: Sendable {
        package struct Settings: Sendable {
            package var seconds = 60.0
            package var nodes = 4
            package var users = 300
            /// Requests a second.
            package var rate = 1_500.0
            package var seed: UInt64?
            /// Whether clocks are moved, where that is possible.
            package var movesClocks = true
            /// Whether the nodes check tokens in copies of their own, under leases.
            package var checksLocally = false
            package var json: String?
            package var html: String?

            package init() {}
        }

        /// How long before the end the last fault may begin, in seconds. It may last 6.5, and then the nodes must be
        /// asked whether they have recovered.
        private static let calm = 9.0

        private let settings: Settings
        private let programs: Programs

        package init(_ settings: Settings, programs: Programs = .installed) {
            self.settings = settings
            self.programs = programs
        }

        /// Runs to the end.
        /// - Returns: the exit status: 0 if no answer was wrong and no revocation lost, 1 otherwise, 2 if it could not
        ///   be run.
        package func run() async -> Int32 {
            do {
                let report = try await report()
                print(report.text)
                if let json = settings.json { try report.write(json: json) }
                if let html = settings.html { try report.write(html: html) }
                return report.hasPassed ? 0 : 1
            } catch {
                StandardStream.error.write("revoked-lab load chaos: \(error)\n")
                return 2
            }
        }

        /// What was found. Every process that was started has ended then.
        func report() async throws -> LoadReport {
            let seed = settings.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
            var report = LoadReport("revoked-lab load chaos", settings: facts, seed: seed)
            StandardStream.error.write("seed \(seed)\n")
            var stageConfiguration = NodeStage.Settings()
            stageConfiguration.checksLocally = settings.checksLocally
            // Longer than the run: at the end every revocation is asked for.
            stageConfiguration.accessTokenLifetime = Int(settings.seconds) + 900
            // The log is rewritten every few seconds: that, too, is to be killed in the middle.
            stageConfiguration.daemonArguments = [
                "--auto-aof-rewrite-min-size", "256kb", "--auto-aof-rewrite-percentage", "50",
            ]
            let keySet = try KeySetServer()
            defer { keySet.close() }
            // Clocks that are moved may be as far apart as this; a cut-off reaches as far ahead.
            let stage = try NodeStage(programs: programs, settings: stageConfiguration) {
                OtherIssuer.two(
                    lead: .seconds(settings.movesClocks ? 30 : 2), ahead: .seconds(1), keySets: $0,
                    servedAt: keySet.location)
            }
            var plan = NodeLoadPlan(nodes: [], seed: seed)
            plan.users = settings.users
            plan.end = .after(.seconds(settings.seconds))
            plan.rate = settings.rate
            plan.probes = 2
            // Of a node that is paused nothing is learnt by asking many times.
            plan.probeConnections = 3
            if settings.movesClocks {
                plan.storeClock.ahead = Int64(MovedClock.most + 1) * 1_000_000_000
                // While its wall clock is behind, `TIME` runs slower by a tenth; then it follows.
                plan.storeClock.behind = 1_000_000_000
            }
            // Some faults are over when each node has acknowledged a revocation.
            plan.mix.logOuts = 300
            // Each keeps the guests out for as long as a cut-off reaches ahead.
            (plan.mix.guests.logOutsEverywhere, plan.mix.guests.administeredSubjects) = (2, 2)
            try stage.makeFiles(&plan, nodes: settings.nodes)
            if let issuer = plan.issuers.first { keySet.publish(OtherIssuer.keySet(issuer.keys)) }
            var disk: SmallDisk?
            do {
                disk = try await SmallDisk(at: stage.volume, on: stage)
            } catch let error as SmallDisk.Unavailable {
                report.warnings.append("the disk is not filled: \(error.message)")
            }
            do {
                try await load(&plan, on: stage, disk, keySet, seed: seed, &report)
            } catch {
                await clear(stage, disk)
                throw error
            }
            await clear(stage, disk)
            if report.hasPassed {
                stage.removeFiles()
            } else {
                report.warnings.append("what the processes said: \(stage.directory)/*.log")
            }
            return report
        }

        /// Ends all processes, and takes the disk away.
        private func clear(_ stage: NodeStage, _ disk: SmallDisk?) async {
            await stage.stop()
            do {
                try await disk?.remove(on: stage)
            } catch {
                StandardStream.error.write("\(stage.volume) is still mounted: \(error)\n")
            }
        }

        private func load(
            _ plan: inout NodeLoadPlan, on stage: NodeStage, _ disk: SmallDisk?, _ keySet: KeySetServer, seed: UInt64,
            _ report: inout LoadReport
        ) async throws {
            let site = try await ChaosSite(
                stage, nodes: settings.nodes, disk: disk, keySet: keySet, movesClocks: settings.movesClocks
            ) { report.warnings.append($0) }
            plan.nodes = site.profiles
            let commandLine = try CommandLineClient(stage, backend: site.sideBackend)
            plan.commandLine = commandLine
            do {
                try await load(plan, on: site, seed: seed, &report)
            } catch {
                await commandLine.close()
                await site.stop()
                throw error
            }
            await commandLine.close()
            await site.stop()
        }

        private func load(
            _ plan: NodeLoadPlan, on site: ChaosSite, seed: UInt64, _ report: inout LoadReport
        ) async throws {
            let recorder = LoadRecorder()
            let control = NodeLoadControl()
            let interruption = Interruption(of: control)
            defer { interruption.end() }
            let display = LoadDisplay(recorder, end: .after(.seconds(settings.seconds)))
            let began = clinux_time()
            let maker = ChaosMaker(site, control: control, seed: ~seed) { text in
                display.note(String(format: "%7.1f s  ", Double(clinux_time() - began) / 1e9) + text)
            }
            async let result = NodeLoad.run(plan, control: control, recorder: recorder)
            do {
                try await maker.run(for: .seconds(max(1, settings.seconds - Self.calm)))
            } catch {
                report.failures.append("what was broken did not come back: \(error)")
                control.stop()
            }
            let found = try await result
            display.stop()
            recorder.fill(&report)
            found.fill(&report)
            ChaosFigures(await maker.records, began: found.began).fill(&report)
            let audit = try await RevocationAudit.ask(for: found.revoked, port: site.daemonPort)
            report.facts.append(
                .init(
                    "revoked tokens asked for at the daemon itself",
                    "\(Quantity.count(audit.asked)), \(Quantity.count(audit.missing)) lost"))
            if audit.missing > 0 {
                report.failures.append("\(audit.missing) acknowledged revocations are not in the daemon")
            }
        }

        private var facts: [LoadReport.Fact] {
            [
                .init("nodes", "\(settings.nodes)"), .init("users", "\(settings.users)"),
                .init("rate", "\(BenchReport.short(settings.rate))/s"),
                .init("store", "revoked, appendfsync always"),
                .init("checks", settings.checksLocally ? "in the nodes' copies, under leases" : "asked"),
            ]
        }
    }
#endif
