import ArgumentParser
import ProcessOutput
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
        try await configuration.logFormat.run("revoked.server") { logger in
            try await ServerProcess.run(configuration, logger: logger)
        }
    }
}
