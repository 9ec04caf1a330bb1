import AdminHTTP
import Foundation
package import Logging
import Persistence
import ProcessOutput
import ServiceLifecycle
import UnixSignals

#if os(Linux)
    import CLinux
#endif

/// The process of `revoked serve`: from a configuration to a daemon that ends on SIGTERM, SIGINT or `SHUTDOWN`.
package enum ServerProcess {
    /// Runs until it is told to end. Says on standard output where it listens and how to talk to it, then `ready` when
    /// the data directory has been read.
    /// - Parameter importSource: whose keys are imported; nil for none.
    package static func run(
        _ configuration: ServerConfiguration, importSource: ImportSource? = nil, logger: Logger
    ) async throws {
        // A reader of the log that goes away, or a terminal that closes, must not end the daemon.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        #if os(Linux)
            clinux_return_freed_memory()
        #endif
        var logger = logger
        logger.logLevel = configuration.logLevel
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let server = RevokedServer(configuration, logger: logger, importSource: importSource)
        let manager = ServiceManager(logger: logger)
        let service = ServiceGroupConfiguration.ServiceConfiguration(
            service: Running(server: server, configuration: configuration, manager: manager),
            successTerminationBehavior: .gracefullyShutdownGroup)
        let reloading = ServiceGroupConfiguration.ServiceConfiguration(
            service: Reloading(server: server, manager: manager))
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [service, reloading], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        logger.info("ended")
    }

    /// Reads certificates anew on SIGHUP.
    private struct Reloading: Service {
        let server: RevokedServer
        let manager: ServiceManager

        func run() async throws {
            for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
                await manager.reload { await server.reload() }
            }
        }
    }

    private struct Running: Service {
        let server: RevokedServer
        let configuration: ServerConfiguration
        let manager: ServiceManager

        func run() async throws {
            announce(try await server.start(), configuration, http: server.httpAddress)
            do {
                try await withGracefulShutdownHandler {
                    guard try await server.recover(onProgress: { manager.tell(.starting(progress: $0)) }) else {
                        return
                    }
                    say(["ready"])
                    manager.tell(.ready)
                    async let _ = manager.keepAlive { await server.waitForEveryThread() }
                    await server.waitForShutdown()
                } onGracefulShutdown: {
                    server.requestShutdown()
                }
            } catch {
                await server.stop()
                throw error
            }
            manager.tell(.stopping)
            await server.stop()
        }
    }

    private static func announce(
        _ endpoints: [Endpoint], _ configuration: ServerConfiguration, http: AdminAddress?
    ) {
        var lines = endpoints.map { "listening on \($0)" }
        let password = configuration.password == nil ? "" : "-a <password> "
        switch endpoints.first {
        case .tls(let host, let port):
            lines.append("try: redis-cli --tls --cacert <file> -h \(host) -p \(port) \(password)ping")
        case .tcp(let host, let port):
            lines.append("try: redis-cli -h \(host) -p \(port) \(password)setex revoked:jti:example 60 logout")
        case .unix(let path):
            lines.append("try: redis-cli -s \(path) \(password)setex revoked:jti:example 60 logout")
        case nil: break
        }
        if let http { lines.append("metrics on \(http.url)/metrics") }
        lines.append(promise(configuration))
        say(lines)
    }

    private static func promise(_ configuration: ServerConfiguration) -> String {
        guard configuration.isLogging, let directory = configuration.directory else {
            return "memory only: a restart forgets every revocation and gives the denylist a new epoch"
        }
        return switch configuration.syncPolicy {
        case .always: "data in \(directory): what is acknowledged is on disk"
        case .everysec:
            "data in \(directory), synced once a second: a crash may take the last two, and gives the denylist a new epoch"
        case .no: "data in \(directory), synced when the system likes: a crash gives the denylist a new epoch"
        }
    }

    /// Written at once, not through a buffer of the library: whoever started the daemon may wait for these lines. The
    /// daemon does not wait for whoever reads them.
    private static func say(_ lines: [String]) {
        BackgroundOutput.standardOutput.write(lines.map { $0 + "\n" }.joined())
    }
}
