import AdminHTTP
import Foundation
package import Logging
import ProcessOutput
package import PrometheusMetrics
import Revocation
package import RevokedServer
import ServiceLifecycle
import UnixSignals

/// The process of `revoked serve --follow`: from a configuration to a follower that ends on SIGTERM or SIGINT.
package enum FollowingProcess {
    /// Runs until it is told to end. Says on standard output where it listens, then `ready`: what the copy does not
    /// hold yet is passed on.
    /// - Parameter metrics: what `MetricsSystem` was bootstrapped with.
    package static func run(
        _ configuration: ServerConfiguration, metrics: PrometheusFactory, logger: Logger
    ) async throws {
        // A reader of the log that goes away, or a terminal that closes, must not end the follower.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        var logger = logger
        logger.logLevel = configuration.logLevel
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let copy = try FollowedCopy(
            configuration.follow ?? "", prefix: configuration.guardedPrefix, password: configuration.followPassword,
            maximumBytes: configuration.maximumMemory, logger: logger)
        if copy.showsCertificate, configuration.port > 0 || configuration.unixSocket == nil {
            throw ServerError(
                .unprotected,
                "refusing to follow with a certificate while others may connect to a port: the daemon would take them "
                    + "for its owner. Pass --port 0 and --unixsocket, whose --unixsocketperm says who may")
        }
        let server = FollowingServer(configuration, copy, logger: logger)
        let manager = ServiceManager(logger: logger)
        let service = ServiceGroupConfiguration.ServiceConfiguration(
            service: Running(
                configuration: configuration, copy: copy, server: server, metrics: metrics, manager: manager,
                logger: logger),
            successTerminationBehavior: .gracefullyShutdownGroup)
        try await ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
        logger.info("ended")
    }

    private struct Running: Service {
        let configuration: ServerConfiguration
        let copy: FollowedCopy
        let server: FollowingServer
        let metrics: PrometheusFactory
        let manager: ServiceManager
        let logger: Logger

        func run() async throws {
            let endpoints = try await server.start()
            let admin: AdminServer?
            do {
                try checkProtection()
                admin = try await AdminServer.start(configuration.http, logger: logger) {
                    [admin = FollowingAdmin(copy: copy, server: server, metrics: metrics)] in admin.answer($0)
                }
            } catch {
                await server.stop()
                await copy.close()
                throw error
            }
            copy.start()
            announce(endpoints, admin?.address)
            manager.tell(.ready)
            async let _ = manager.keepAlive { await server.waitForEveryThread() }
            let ended = AsyncStream<Void>.makeStream()
            await withGracefulShutdownHandler {
                for await _ in ended.stream {}
            } onGracefulShutdown: {
                ended.continuation.finish()
            }
            manager.tell(.stopping)
            await admin?.stop()
            await server.stop()
            await copy.close()
        }

        private func checkProtection() throws(ServerError) {
            guard let address = configuration.http.exposed, configuration.httpProtectedMode else { return }
            throw ServerError(.unprotected, RevokedServer.exposedMetrics(address))
        }

        private func announce(_ endpoints: [Endpoint], _ http: AdminAddress?) {
            var lines = endpoints.map { "listening on \($0)" } + ["following \(copy.place)"]
            if let http { lines.append("metrics on \(http.url)/metrics") }
            BackgroundOutput.standardOutput.write((lines + ["ready"]).map { $0 + "\n" }.joined())
        }
    }
}
