#if os(Linux)
    import CLinux
    import Foundation
    import Revocation

    /// Measures checks in a follower's memory, beside revocations that are applied: each for itself, and as many as one
    /// thread makes. Measures the copy too: how long it takes, and its memory.
    package struct LocalCheckBench: Sendable {
        /// Entries that the daemon holds, and so the copy.
        package var entries = 1_000_000
        package var writesPerSecond = 1_000
        /// Checks that are timed one by one.
        package var timed = 2_000_000
        /// How long the rate is measured.
        package var duration: Duration = .seconds(3)

        private static let tokens = 1 << 16
        private static let copyTime: Duration = .seconds(120)
        private static let settlingTime: Duration = .seconds(2)
        private static let maximumBytes = 8 << 30

        package init() {}

        package func run() async throws {
            BenchReport.Machine.warnOfDebugBuild()
            try await BenchStage.use(pins: true) { try await run(on: $0) }
        }

        private func run(on stage: BenchStage) async throws {
            let server = try await BenchServer.start(
                .revoked, on: stage, log: .init(directory: "\(stage.directory)/data", policy: "everysec"))
            let checks = LocalChecks(entries: entries, count: Self.tokens)
            // What a process has once is there when the copy is made that is measured.
            try await follow(server).close()
            _ = try await stage.load(0..<entries, into: server)
            let own = ProcessInfo.processInfo.processIdentifier
            let (before, start) = (try ProcessMemory.resident(own), ContinuousClock.now)
            let list = try await follow(server)
            let copied = ContinuousClock.now - start
            let bytes = try ProcessMemory.resident(own) - before
            // What the copy needed only while it was made is given back.
            try await Task.sleep(for: Self.settlingTime)
            let bytesAfter = try ProcessMemory.resident(own) - before
            let writers = try PacedWriters(server, perSecond: writesPerSecond)
            let figures = await withCheckedContinuation { continuation in
                Thread.detachNewThread { [timed, duration] in
                    let times = checks.time(timed, with: list)
                    continuation.resume(returning: (times.sorted(), checks.rate(for: duration, with: list)))
                }
            }
            try writers.end()
            await list.close()
            report(figures.0, figures.1, copied: copied, bytes: (bytes, bytesAfter))
        }

        /// - Returns: a list that answers in its memory.
        private func follow(_ server: BenchServer) async throws -> RevocationList {
            var configuration = RevocationConfiguration()
            configuration.checks = .local(maximumBytes: Self.maximumBytes)
            configuration.commandTimeout = .seconds(30)
            let list = try RevocationList("redis://127.0.0.1:\(server.port)", configuration: configuration)
            let now = configuration.wallClock()
            // The first revocation gives a new denylist its terms: until then each check asks for them too.
            try await list.revoke(ClientOperation.revoke.claims(1_000_000, now))
            let end = ContinuousClock.now + Self.copyTime
            while list.answersLocally != true {
                guard ContinuousClock.now < end else { throw LoadFailure(message: "the copy is not complete") }
                try await Task.sleep(for: .milliseconds(1))
            }
            return list
        }

        private func report(
            _ times: [UInt32], _ rate: LocalChecks.Rate, copied: Duration, bytes: (atOnce: Int, after: Int)
        ) {
            func time(_ share: Double) -> String { "\(times[min(times.count - 1, Int(Double(times.count) * share))])" }
            let memory = [bytes.atOnce, bytes.after].map { String(format: "%.1f", Double($0) / Double(entries)) }
            print(
                "| a check of six scopes in memory, half of them hits | \(entries) entries, \(writesPerSecond) writes/s |"
            )
            print("|---|---:|")
            print("| p50 / p99 / p99.9 in ns, with the clock's own | \(time(0.5)) / \(time(0.99)) / \(time(0.999)) |")
            print("| checks per second of one core | \(Int(rate.perSecond)) |")
            print("| of them not answered in memory | \(rate.asked) |")
            print("| the copy, in s | \(String(format: "%.2f", Double(copied.inNanoseconds) / 1e9)) |")
            print("| memory when the copy is complete / 2 s later, in bytes an entry | \(memory[0]) / \(memory[1]) |")
        }
    }

    /// Tokens to check: half of them are revoked by their `jti`.
    private struct LocalChecks: Sendable {
        struct Rate: Sendable {
            /// Of the thread's processor time.
            let perSecond: Double
            let asked: Int
        }

        private let tokens: [TokenClaims]

        init(entries: Int, count: Int) {
            let (now, keys) = (Int64(Date().timeIntervalSince1970 * 1000), KeySpace())
            var random = Random(seed: 1)
            tokens = (0..<count).map { number in
                let isHit = number & 1 == 0
                let index = isHit ? random.next(below: UInt64(entries)) : KeySpace.absent + UInt64(number)
                var claims = TokenClaims(
                    issuer: "i", identifier: keys.text(index), issuedAt: now, expiresAt: now + 600_000)
                claims.session = keys.text(KeySpace.absent + UInt64(count + number))
                claims.subject = "subject-\(number)"
                claims.client = "web"
                claims.key = "signing-key-1"
                return claims
            }
        }

        /// - Returns: what each took, in nanoseconds.
        func time(_ count: Int, with list: RevocationList) -> [UInt32] {
            var times = [UInt32](repeating: 0, count: count)
            for number in 0..<count {
                let token = tokens[number % tokens.count]
                // Who checks a token has just read it.
                Self.read(token)
                let start = clinux_time()
                let verdict = list.localVerdict(for: token)
                times[number] = UInt32(clamping: clinux_time() - start)
                require(verdict, number)
            }
            return times
        }

        @inline(never)
        private static func read(_ token: borrowing TokenClaims) {
            var sum: UInt8 = 0
            for text in [token.identifier, token.session] {
                for byte in (text ?? "").utf8 { sum &+= byte }
            }
            precondition(sum != 0 || token.identifier != nil)
        }

        func rate(for duration: Duration, with list: RevocationList) -> Rate {
            let end = ContinuousClock.now + duration
            let start = clinux_thread_time()
            var (count, asked) = (0, 0)
            while ContinuousClock.now < end {
                for number in 0..<tokens.count where list.localVerdict(for: tokens[number]) == nil { asked += 1 }
                count += tokens.count
            }
            return Rate(perSecond: Double(count) * 1e9 / Double(clinux_thread_time() - start), asked: asked)
        }

        private func require(_ verdict: Verdict?, _ number: Int) {
            switch verdict {
            case .revoked: precondition(number & 1 == 0, "a token that nobody revoked is revoked")
            case .clear: precondition(number & 1 == 1, "a revoked token is clear")
            case .unknown, nil: break
            }
        }
    }
#endif
