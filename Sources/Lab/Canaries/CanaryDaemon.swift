#if os(Linux)
    import Foundation
    import Logging
    import RevokedServer
    import Synchronization

    /// Our daemon in this process.
    final class CanaryDaemon: Sendable {
        let port: Int
        private let server: RevokedServer
        private let running: Task<Void, Never>

        /// - Parameter port: 0 for a free one.
        /// - Parameter directory: nil for a daemon in memory.
        /// - Parameter keepsGuardedTime: whether guarded time goes on over restarts.
        init(
            port: Int = 0, time: TimeSource = .system, directory: String? = nil, keepsGuardedTime: Bool = true
        ) async throws {
            var configuration = ServerConfiguration()
            configuration.port = port
            configuration.threads = 1
            configuration.logLevel = .critical
            configuration.directory = directory
            let server = RevokedServer(
                configuration, time: time, logger: .silent, keepsGuardedTime: keepsGuardedTime)
            var taken = 0
            for case .tcp(_, let port) in try await server.start() { taken = port }
            try await server.recover()
            self.port = taken
            self.server = server
            running = Task { await server.waitForShutdown() }
        }

        func stop() async {
            server.requestShutdown()
            await running.value
            await server.stop()
        }
    }

    /// The clocks of a fleet: the system's, until time passes at once for all of it.
    final class CanaryClock: Sendable {
        private let passed = Atomic<Int64>(0)

        /// Lets seconds pass in a moment.
        func pass(seconds: Int64) { passed.add(seconds * 1_000, ordering: .relaxed) }

        /// Unix milliseconds.
        var wall: Int64 { TimeSource.system.wall() + passed.load(ordering: .relaxed) }

        /// A boot clock that cannot be set.
        var boot: ContinuousClock.Instant { .now + .milliseconds(passed.load(ordering: .relaxed)) }

        /// A daemon's.
        /// - Parameter ahead: what its wall clock is ahead, in milliseconds.
        func source(ahead: Int64) -> TimeSource {
            TimeSource(
                wall: { self.wall + ahead },
                boot: { TimeSource.system.boot() + self.passed.load(ordering: .relaxed) },
                identity: TimeSource.system.identity)
        }
    }
#endif
