#if os(Linux)
    import AuthNode
    import CLinux
    import Foundation
    import ProcessOutput
    import Settings

    /// `revoked-lab load nodes`: users on a set of nodes, every answer judged.
    package struct NodeRun: Sendable {
        package struct Settings: Sendable {
            /// Nodes that are there; empty starts a daemon and nodes of our own.
            package var nodes: [String] = []
            /// How many nodes to start.
            package var start = 4
            /// A store for the nodes that are started, instead of a daemon of our own.
            package var backend: String?
            package var users = 2_000
            /// A file of the password that all of them have; nil for `password`.
            package var passwordFile: String?
            /// Log-ins that a user has at a time.
            package var devices = 3
            package var seconds = 30.0
            /// How many judged answers to end with, instead of ``seconds``.
            package var answers: Int?
            /// Whether the nodes that are started check tokens in copies of their own, under leases.
            package var checksLocally = false
            /// Requests a second; nil for as many as are answered.
            package var rate: Double?
            /// Connections to each node.
            package var connections = 8
            /// Probed revocations a second.
            package var probes = 10.0
            package var seed: UInt64?
            /// Of the nodes that are started, in seconds.
            package var accessTokenLifetime = 60
            /// How far the clocks of the nodes may differ from ours, in seconds. nil for hardly at all if we start the
            /// nodes, and otherwise for one second.
            package var clockBand: Double?
            package var json: String?
            package var html: String?

            package init() {}
        }

        /// Of the nodes that are started, in seconds.
        private static let rotationGrace = 10

        private let settings: Settings
        private let programs: Programs

        package init(_ settings: Settings, programs: Programs = .installed) {
            self.settings = settings
            self.programs = programs
        }

        /// Writes a file of the accounts that the users have.
        package func makeUsers(_ path: String) throws {
            let plan = try plan(nodes: [], seed: 0)
            try AccountFile(path).writeForLoad((0..<plan.users).map { plan.name(of: $0) }, password: plan.password)
        }

        /// Runs to the end.
        /// - Returns: the exit status: 0 if every answer was right, 1 if not, 2 if it could not be run.
        package func run() async -> Int32 {
            let seed = settings.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
            do {
                guard settings.nodes.isEmpty else {
                    return try await load(try plan(nodes: settings.nodes.map { NodeProfile(url: $0) }, seed: seed))
                }
                var stageConfiguration = NodeStage.Settings()
                stageConfiguration.accessTokenLifetime = settings.accessTokenLifetime
                stageConfiguration.rotationGrace = Self.rotationGrace
                stageConfiguration.checksLocally = settings.checksLocally
                let stage = try NodeStage(programs: programs, settings: stageConfiguration) {
                    OtherIssuer.two(lead: .seconds(2), keySets: $0)
                }
                let status = await statusOfStage(stage, seed: seed)
                await stage.stop()
                if status == 2 {
                    tell("what the processes said: \(stage.directory)/*.log")
                } else {
                    stage.removeFiles()
                }
                return status
            } catch {
                tell("revoked-lab load nodes: \(error)")
                return 2
            }
        }

        private func statusOfStage(_ stage: NodeStage, seed: UInt64) async -> Int32 {
            do {
                var plan = try plan(nodes: [], seed: seed)
                try stage.makeFiles(&plan, nodes: settings.start)
                var backend = settings.backend
                if backend == nil { backend = "redis://127.0.0.1:\(try await stage.startDaemon(port: 0).port)" }
                let commandLine = try CommandLineClient(stage, backend: backend ?? "")
                plan.commandLine = commandLine
                for number in 1...settings.start {
                    var profile = NodeProfile.stage(number)
                    profile.url = try await stage.startNode(
                        number, port: 0, backend: backend ?? "", profile: profile
                    ).url
                    plan.nodes.append(profile)
                }
                let status = try await load(plan)
                await commandLine.close()
                return status
            } catch {
                tell("revoked-lab load nodes: \(error)")
                return 2
            }
        }

        private func load(_ plan: NodeLoadPlan) async throws -> Int32 {
            let recorder = LoadRecorder()
            var report = LoadReport("revoked-lab load nodes", settings: facts(plan.nodes.count), seed: plan.seed)
            let display = LoadDisplay(
                recorder, end: settings.answers.map { .count($0) } ?? .after(.seconds(settings.seconds)))
            let control = NodeLoadControl()
            let interruption = Interruption(of: control)
            defer { interruption.end() }
            let result = try await NodeLoad.run(plan, control: control, recorder: recorder)
            display.stop()
            recorder.fill(&report)
            result.fill(&report)
            print(report.text)
            if let json = settings.json { try report.write(json: json) }
            if let html = settings.html { try report.write(html: html) }
            return report.hasPassed ? 0 : 1
        }

        private func facts(_ nodes: Int) -> [LoadReport.Fact] {
            var facts: [LoadReport.Fact] = [
                .init("nodes", "\(nodes)"),
                .init("users", "\(settings.users)"),
                .init("connections to each node", "\(settings.connections)"),
                .init("rate", settings.rate.map { "\(BenchReport.short($0))/s" } ?? "as answered"),
                .init("watched revocations", "\(BenchReport.short(settings.probes))/s"),
            ]
            if settings.nodes.isEmpty {
                facts.append(.init("store", settings.backend == nil ? "revoked, appendfsync always" : "the given one"))
                facts.append(.init("access token lifetime", "\(settings.accessTokenLifetime) s"))
            }
            return facts
        }

        private func plan(nodes: [NodeProfile], seed: UInt64) throws -> NodeLoadPlan {
            var plan = NodeLoadPlan(nodes: nodes, seed: seed)
            plan.users = settings.users
            if let file = settings.passwordFile {
                do throws(SecretFile.Failure) { plan.password = try SecretFile(file).text } catch {
                    throw SettingError("the file \(file) \(error)")
                }
            }
            plan.devices = settings.devices
            plan.end = settings.answers.map { .answers($0) } ?? .after(.seconds(settings.seconds))
            plan.rate = settings.rate
            plan.connections = settings.connections
            plan.probes = settings.probes
            // Of given nodes the default is assumed.
            plan.rotationGrace = .seconds(Self.rotationGrace)
            plan.expiryBand = .seconds(settings.clockBand ?? (settings.nodes.isEmpty ? 0.1 : 1))
            return plan
        }

        private func tell(_ text: String) { StandardStream.error.write("\(text)\n") }
    }

    extension NodeLoad {
        /// Runs a load on a thread of its own.
        static func run(
            _ plan: NodeLoadPlan, control: NodeLoadControl, recorder: LoadRecorder
        ) async throws -> Result {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    clinux_name_thread("load")
                    continuation.resume(
                        with: Swift.Result { () throws(LoadFailure) in
                            try NodeLoad(plan, control: control, recorder: recorder).run()
                        }
                        .mapError { $0 })
                }
            }
        }
    }
#endif
