#if os(Linux)
    import Foundation
    import Glibc
    import ProcessOutput
    import Processes

    /// `revoked-lab load chaos --canary`: shows that the oracle sees what it is there to see. On a redis-server with
    /// default settings, killed with -9 in the middle:
    ///
    /// - what everyone does (``NaiveDenylist``) lets revoked tokens through: no violation before the kill, some after
    ///   it;
    /// - our nodes let none through, at the price of 503s;
    ///
    /// and without any kill an entry that ends one second before its token is found, while one that ends in time is
    /// not.
    ///
    /// Then one for each rule: with one protection taken out of the nodes it must be broken, with it nothing may be.
    package struct Canaries: Sendable {
        private let seed: UInt64
        private let programs: Programs

        package init(seed: UInt64?, programs: Programs = .installed) {
            self.seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
            self.programs = programs
        }

        /// Runs all of them.
        /// - Returns: the exit status: 0 if each showed what it must, 1 otherwise, 2 if they could not be run.
        package func run() async -> Int32 {
            Self.tell("revoked-lab load chaos --canary, seed \(seed)\n")
            var status: Int32 = 0
            do {
                for canary in Canary.all {
                    let outcome = try await run(canary)
                    Self.tell(outcome.text(canary))
                    if !canary.holds(outcome) { status = 1 }
                }
                return try await rulesHold() ? status : 1
            } catch {
                StandardStream.error.write("revoked-lab load chaos --canary: \(error)\n")
                return 2
            }
        }

        /// Not `print`: a reader of the file must not wait for a buffer.
        private static func tell(_ text: String) { StandardStream.output.write("\(text)\n") }

        /// Plays the canary of each rule, with the protection and without it.
        private func rulesHold() async throws -> Bool {
            let canaries = RuleCanaries(seed: seed, programs: programs)
            var hold = true
            for canary in RuleCanary.all {
                let intact = try await canaries.play(canary, isWeakened: false, for: .seconds(4))
                let began = ContinuousClock.now
                let weakened = try await canaries.play(canary, isWeakened: true, for: canary.patience)
                let isRight = weakened.shows(canary.sign) && intact.isClean
                Self.tell(
                    """
                    \(isRight ? "as it must be" : "NOT AS IT MUST BE"): \(canary)
                      \(weakened.shows(canary.sign) ? "shown" : "NOT shown") within \
                    \((ContinuousClock.now - began).formatted(.units(allowed: [.seconds]))) without the protection; \
                    with it \(intact.isClean ? "nothing" : "SOMETHING") was wrong in \
                    \(Quantity.count(intact.judged)) answers
                    """)
                for finding
                    in (isRight ? weakened.findings.prefix(1) : (intact.findings + weakened.findings).prefix(20))
                {
                    Self.tell("  \(finding)")
                }
                if !isRight { hold = false }
            }
            return hold
        }

        /// Runs one of them.
        func run(_ canary: Canary) async throws -> CanaryOutcome {
            var settings = NodeStage.Settings()
            settings.naive = canary.naive
            settings.accessTokenLifetime = canary.accessTokenLifetime
            let stage = try NodeStage(programs: programs, settings: settings)
            do {
                let outcome = try await run(canary, on: stage)
                await stage.stop()
                stage.removeFiles()
                return outcome
            } catch {
                await stage.stop()
                throw error
            }
        }

        private func run(_ canary: Canary, on stage: NodeStage) async throws -> CanaryOutcome {
            var plan = NodeLoadPlan(nodes: [], seed: seed)
            plan.users = 100
            plan.rate = 800
            plan.probes = 2
            plan.mix.logOuts = 150
            plan.mix.expiringTokens = 2_000
            plan.end = .after(.seconds(canary.seconds))
            try stage.makeFiles(&plan, nodes: 3)
            let port = try LoopbackSocket.freePort()
            let backend = "redis://127.0.0.1:\(port)"
            var redis = try await stage.startRedis(port: port)
            if canary.naive == nil { try await stage.run(["init"], backend: backend) }
            for number in 1...3 {
                plan.nodes.append(
                    NodeProfile(url: try await stage.startNode(number, port: 0, backend: backend).url))
            }
            let control = NodeLoadControl()
            let interruption = Interruption(of: control)
            defer { interruption.end() }
            let recorder = LoadRecorder()
            async let result = NodeLoad.run(plan, control: control, recorder: recorder)
            var outcome = CanaryOutcome()
            if canary.kills {
                try await Task.sleep(for: .seconds(canary.seconds / 2))
                outcome.violationsBefore = recorder.progress.violations
                redis.signal(SIGKILL)
                try await redis.end(within: .seconds(5))
                redis = try await stage.startRedis(port: port)
            }
            let found = try await result
            outcome.violations = found.tally.violations
            outcome.falseRejections = found.tally.falseRejections
            outcome.unavailable = found.tally.unavailable
            outcome.judged = found.tally.judged
            outcome.findings = found.figures.findings
            return outcome
        }
    }

    /// What is tried, and what must come of it.
    struct Canary: Sendable, CustomStringConvertible {
        let description: String
        /// nil for our nodes as they are.
        let naive: NaiveMode?
        var kills = false
        /// Of access tokens, in seconds.
        var accessTokenLifetime = 900
        let seconds: Double
        let mustShowViolations: Bool

        static let lostMemory = Canary(
            description: "what everyone does, redis-server killed with -9", naive: .losesRevocations, kills: true,
            seconds: 8, mustShowViolations: true)
        static let ourNodes = Canary(
            description: "our nodes, redis-server killed with -9", naive: nil, kills: true, seconds: 8,
            mustShowViolations: false)
        static let offByOne = Canary(
            description: "an entry that ends one second before its token", naive: .losesRevocationsEarly,
            accessTokenLifetime: 4, seconds: 10, mustShowViolations: true)
        static let inTime = Canary(
            description: "an entry that ends with its token", naive: .losesRevocations, accessTokenLifetime: 4,
            seconds: 10, mustShowViolations: false)
        static let all = [lostMemory, ourNodes, offByOne, inTime]

        func holds(_ outcome: CanaryOutcome) -> Bool {
            guard outcome.judged > 0, outcome.violationsBefore == 0, outcome.falseRejections == 0 else { return false }
            guard mustShowViolations == (outcome.violations > 0) else { return false }
            // Ours pay with availability: without a single 503 nothing was killed.
            return !(kills && naive == nil) || outcome.unavailable > 0
        }
    }

    /// What a canary showed.
    struct CanaryOutcome: Sendable {
        var judged = 0
        var violations = 0
        /// Before the kill.
        var violationsBefore = 0
        var falseRejections = 0
        var unavailable = 0
        var findings: [String] = []

        func text(_ canary: Canary) -> String {
            var text = """
                \(canary.holds(self) ? "as it must be" : "NOT AS IT MUST BE"): \(canary)
                  \(Quantity.count(violations)) violations (\(canary.mustShowViolations ? "some" : "none") must be), \
                \(Quantity.count(falseRejections)) false rejections, \(Quantity.count(judged)) judged answers, \
                \(Quantity.count(unavailable)) without one or with 503

                """
            if canary.kills { text += "  before the kill: \(violationsBefore) violations\n" }
            for finding in findings.prefix(canary.mustShowViolations ? 2 : 20) { text += "  \(finding)\n" }
            return text
        }
    }

    extension NodeStage {
        /// Starts a redis-server with its default settings, in a directory of its own.
        func startRedis(port: Int) async throws -> ChildProcess {
            let directory = "\(volume)/redis"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            guard let path = ServerKind.redis.executable else {
                throw LoadFailure(message: "redis-server is not installed: apt-get install redis-server")
            }
            let redis = try start("redis-server", executable: path, ["--port", "\(port)", "--dir", directory])
            let deadline = ContinuousClock.now + Self.startTime
            while ContinuousClock.now < deadline {
                if let connection = try? ControlConnection(port: port), (try? connection.call("PING")) == "PONG" {
                    return redis
                }
                guard redis.hasEnded == nil else { break }
                try await Task.sleep(for: .milliseconds(10))
            }
            throw LoadFailure(message: "redis-server does not answer:\n\(redis.lastLines)")
        }
    }
#endif
