#if os(Linux)
    import Foundation

    /// The revoked tokens that are stored before a run, checked and revoked again during it, and taken away after it.
    struct WirePopulation: Sendable {
        private static let connections = 10
        private static let inFlight = 64
        private static let removedAtOnce = 256
        /// Before they expire a run must have ended: then "not revoked" would be right.
        private static let safety: Duration = .seconds(30)

        let keySpace: KeySpace
        let count: Int
        private let lifetime: Int
        private let began = ContinuousClock.now
        private let beganDate = Date()

        /// - Parameter lifetime: in seconds.
        init(_ keySpace: KeySpace, count: Int, lifetime: Int) {
            self.keySpace = keySpace
            self.count = count
            self.lifetime = lifetime
        }

        /// Until when every key is certainly there.
        var deadline: ContinuousClock.Instant { began + .seconds(lifetime) - Self.safety }

        /// Stores all keys.
        func fill(_ server: WireServer, _ stop: StopFlag) async throws {
            let template = Dialect.redis(epoch: nil).template(.setex, lifetime: lifetime)!
            var plan = LoadPlan(
                mix: [(template, 100)], connections: min(Self.connections, count), inFlight: min(Self.inFlight, count),
                keys: .each(0..<count), keySpace: keySpace, end: .withKeys)
            plan.stop = stop
            _ = try await LoadGenerator.run(plan, on: server.address, threads: 1)
        }

        /// Takes all keys away that are still there.
        /// - Returns: what is left, if anything is.
        func remove(from server: WireServer) -> String? {
            var next = 0
            do throws(LoadFailure) {
                let control = try ControlConnection(server.address)
                while next < count {
                    let end = min(next + Self.removedAtOnce, count)
                    _ = try control.call(
                        ["UNLINK"] + (next..<end).map { Dialect.prefix + keySpace.text(UInt64($0)) })
                    next = end
                }
                return nil
            } catch {
                // What was written last was written just now.
                let end = max(Date(), beganDate).addingTimeInterval(Double(lifetime))
                    .formatted(.iso8601)
                return """
                    up to \(Quantity.count(count - next)) keys \(Dialect.prefix)… are left on \(server), until \(end): \
                    \(error.message)
                    """
            }
        }
    }
#endif
