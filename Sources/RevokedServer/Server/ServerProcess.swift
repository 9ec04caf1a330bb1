import Foundation
public import Logging
import ServiceLifecycle
import UnixSignals

#if os(Linux)
    import CLinux
#endif

/// The process of `revoked serve`: from a configuration to a daemon that ends on SIGTERM, SIGINT or `SHUTDOWN`.
public enum ServerProcess {
    /// Runs until it is told to end. Says on standard output where it listens and how to talk to it.
    public static func run(_ configuration: ServerConfiguration, logger: Logger) async throws {
        // A reader of the log that goes away, or a terminal that closes, must not end the daemon.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        var logger = logger
        logger.logLevel = configuration.logLevel
        let server = RevokedServer(configuration, logger: logger)
        let endpoints = try await server.start()
        announce(endpoints, configuration)
        #if os(Linux)
            // A third of what is resident after the start is code that only the start ran.
            clinux_release_text()
        #endif
        let service = ServiceGroupConfiguration.ServiceConfiguration(
            service: Running(server: server), successTerminationBehavior: .gracefullyShutdownGroup)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        logger.info("ended")
    }

    private struct Running: Service {
        let server: RevokedServer

        func run() async throws {
            await withGracefulShutdownHandler {
                await server.waitForShutdown()
            } onGracefulShutdown: {
                server.requestShutdown()
            }
            await server.stop()
        }
    }

    /// Written at once, not through a buffer: whoever started the daemon may wait for these lines.
    private static func announce(_ endpoints: [Endpoint], _ configuration: ServerConfiguration) {
        var lines = endpoints.map { "listening on \($0)" }
        let password = configuration.password == nil ? "" : "-a <password> "
        switch endpoints.first {
        case .tcp(let host, let port):
            lines.append("try: redis-cli -h \(host) -p \(port) \(password)setex revoked:jti:example 60 logout")
        case .unix(let path):
            lines.append("try: redis-cli -s \(path) \(password)setex revoked:jti:example 60 logout")
        case nil: break
        }
        lines.append("memory only: a restart forgets every revocation and gives the denylist a new epoch")
        FileHandle.standardOutput.write(Data(lines.map { $0 + "\n" }.joined().utf8))
    }
}
