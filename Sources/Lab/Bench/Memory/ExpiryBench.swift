#if os(Linux)
    import Foundation
    import Processes

    /// Lets many entries expire at one instant and watches the memory come back, while others are asked for.
    struct ExpiryBench {
        static let entries = 1_000_000
        /// Time for loading, and for the runs before.
        private static let ahead = 20
        /// Our daemon keeps a revocation's slot for so long after its expiry (Guarantees.md, 1), in seconds.
        private static let reserve = 120
        /// Beyond the reserve.
        private static let patience: Duration = .seconds(120)
        private static let slice: Duration = .seconds(1)

        private let stage: BenchStage
        init(_ stage: BenchStage) { self.stage = stage }

        func run(_ kind: ServerKind, _ keys: MemoryFigures.Expiry.Keys) async throws -> MemoryFigures.Expiry {
            let reserve = kind == .revoked && keys == .guarded ? Self.reserve : 0
            let patience = (.seconds(reserve) + Self.patience) / .milliseconds(1)
            let server = try await BenchServer.start(kind, on: stage)
            try await stage.load(0..<Self.entries, into: server)
            let expiry = Int64(Date().timeIntervalSince1970 * 1000) + Int64(Self.ahead * 1000)
            try await loadExpiring(keys, at: expiry, into: server)
            let full = try server.usedMemory()

            var idle: [Double] = []
            while milliseconds(since: expiry) < -1500 { idle.append(try await p99(server)) }
            while milliseconds(since: expiry) < 0 { try await Task.sleep(for: .milliseconds(1)) }
            var meanwhile: [Double] = []
            var left = Self.entries
            while left > Self.entries / 100, milliseconds(since: expiry) < patience {
                let before = left
                let p99 = try await p99(server)
                left = try server.entryCount() - Self.entries
                if left < before { meanwhile.append(p99) }
            }
            let reusable = left <= Self.entries / 100 ? milliseconds(since: expiry) / 1000 : nil
            let used = try server.usedMemory()
            await server.process.stop()
            return MemoryFigures.Expiry(
                keys: keys, entries: Self.entries, secondsReserved: reserve, secondsUntilReusable: reusable,
                usedMemoryBefore: full, usedMemoryAfter: used,
                idleP99: idle.median, p99: meanwhile.isEmpty ? nil : meanwhile.median, worstP99: meanwhile.max())
        }

        private func milliseconds(since instant: Int64) -> Double {
            Date().timeIntervalSince1970 * 1000 - Double(instant)
        }

        private func loadExpiring(
            _ keys: MemoryFigures.Expiry.Keys, at expiry: Int64, into server: BenchServer
        ) async throws {
            let prefix = keys == .guarded ? Dialect.prefix : "plain:"
            let template = RequestTemplate.resp(
                ["SET", prefix + KeySpace.placeholder, Dialect.value, "PXAT", "\(expiry)"], live: [true],
                reply: "+OK\r\n")
            _ = try await stage.run(
                LoadPlan(
                    mix: [(template, 100)], inFlight: 64, keys: .each(0..<Self.entries), keySpace: KeySpace(seed: 1),
                    end: .withKeys, server: server.process.identifier), on: server)
        }

        /// p99 of EXISTS in one run, in microseconds.
        private func p99(_ server: BenchServer) async throws -> Double {
            let result = try await stage.run(
                LoadPlan(
                    mix: [(server.dialect.template(.existsHit, lifetime: BenchConfiguration.lifetime)!, 100)],
                    keys: .random(below: Self.entries), end: .after(Self.slice), server: server.process.identifier),
                on: server)
            return result.latency(atPercentile: 99)
        }
    }
#endif
