#if os(Linux)
    import Foundation
    import Synchronization

    /// Clients that write a given number of revocations each second, and wait for every one to be acknowledged.
    final class PacedWriters: Sendable {
        private static let connections = 4
        private static let interval = Duration.milliseconds(5)

        private struct State {
            var isEnding = false
            var running = 0
            var times: [Int64] = []
            var failure: LoadFailure?
        }

        private let state = Mutex(State())

        /// - Parameter perSecond: 0 writes nothing.
        init(_ server: BenchServer, perSecond: Int) throws(LoadFailure) {
            guard perSecond > 0 else { return }
            let batch = max(1, perSecond / Self.connections / 200)
            let interval = Self.interval * (200 * batch * Self.connections) / perSecond
            let begun = ContinuousClock.now
            for number in 0..<Self.connections {
                let connection = try Handle(ControlConnection(port: server.port))
                state.withLock { $0.running += 1 }
                // By turns: writes that come at the same moment would wait for each other.
                let start = begun + interval * number / Self.connections
                Thread.detachNewThread { [self] in
                    write(connection.value, batch, interval, from: start, keys: KeySpace(seed: UInt64(number + 1)))
                    state.withLock { $0.running -= 1 }
                }
            }
        }

        /// The connection belongs to the one thread it is handed to.
        private final class Handle: @unchecked Sendable {
            let value: ControlConnection
            init(_ value: ControlConnection) { self.value = value }
        }

        private func write(
            _ connection: ControlConnection, _ batch: Int, _ interval: Duration, from begun: ContinuousClock.Instant,
            keys: KeySpace
        ) {
            var next = 0
            var due = begun
            func pause() {
                Thread.sleep(forTimeInterval: max(0, Double((due - ContinuousClock.now).inNanoseconds) / 1e9))
            }
            pause()
            while !state.withLock({ $0.isEnding }) {
                var requests = ""
                for index in 0..<batch {
                    let (high, low) = keys.uuid(UInt64(next + index))
                    requests += RESPText.request([
                        "SETEX", "revoked:jti:\(String(high, radix: 16))-\(String(low, radix: 16))", "86400", "logout",
                    ])
                }
                next += batch
                let start = ContinuousClock.now
                do throws(LoadFailure) {
                    try connection.ask(requests, expecting: "+OK", times: batch)
                } catch {
                    return state.withLock { $0.failure = error }
                }
                let time = (ContinuousClock.now - start).inNanoseconds
                state.withLock { $0.times.append(time) }
                due += interval
                pause()
            }
        }

        /// Stops them.
        /// - Returns: how long each round trip took, in nanoseconds; one write each below 1,600 a second.
        /// - Throws: what one of them met.
        @discardableResult
        func end() throws(LoadFailure) -> [Int64] {
            state.withLock { $0.isEnding = true }
            while state.withLock({ $0.running }) > 0 { Thread.sleep(forTimeInterval: 0.001) }
            if let failure = state.withLock({ $0.failure }) { throw failure }
            return state.withLock { $0.times }
        }
    }
#endif
