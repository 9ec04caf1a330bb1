import ArgumentParser
import Following
import Logging
import Metrics
import ProcessOutput
import PrometheusMetrics
import Revocation
import RevokedServer
import Settings

/// `revoked serve`: the daemon.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the daemon: a denylist that any Redis client can talk to.",
        discussion: """
            A flag wins over the environment (REVOKED_PORT, REVOKED_REQUIREPASS, …), the environment over the file \
            given with --config. Passwords belong into the environment or the file: a command line can be read by others.
            """)

    @OptionGroup var flags: SettingFlags<ServerConfiguration>

    func run() async throws {
        let configuration = try ServerConfiguration(flags: flags.values)
        try configuration.checkFollowing()
        if configuration.follow != nil { return try await follow(configuration) }
        try await configuration.logFormat.run("revoked.server") { logger in
            try await ServerProcess.run(
                configuration, importSource: try Self.importSource(configuration, logger), logger: logger)
        }
    }

    private static func importSource(_ configuration: ServerConfiguration, _ logger: Logger) throws -> ImportSource? {
        guard let url = configuration.importURL else {
            guard configuration.importPassword == nil else {
                throw ValidationError("import-from-password needs import-from")
            }
            return nil
        }
        do throws(RevocationError) {
            let dialer = try StoreDialer(url, password: configuration.importPassword, logger: logger)
            return ImportSource(
                name: dialer.name, user: dialer.credentials?.user, password: dialer.credentials?.password,
                connect: dialer.connect)
        } catch {
            throw ValidationError("import-from: \(error.message)")
        }
    }

    private func follow(_ configuration: ServerConfiguration) async throws {
        let metrics = PrometheusFactory()
        MetricsSystem.bootstrap(metrics)
        try await configuration.logFormat.run("revoked.follower") { logger in
            try await FollowingProcess.run(configuration, metrics: metrics, logger: logger)
        }
    }
}
