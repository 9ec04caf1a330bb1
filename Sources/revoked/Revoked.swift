import ArgumentParser
import Contract
import Logging
import ProcessOutput
import Processes

@main
struct Revoked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoked",
        abstract: "The place where servers write down that a JWT is revoked, and where every other server finds out.",
        version: "revoked \(Release.version)",
        subcommands: [
            ServeCommand.self, NodeCommand.self, DemoCommand.self, InitCommand.self, AcceptCommand.self,
            TermsCommand.self, RevokeCommand.self, CheckCommand.self, RestoreCommand.self, ListCommand.self,
            CheckLogCommand.self, CutOverCommand.self,
            HealthCommand.self,
        ]
    )

    static func main() async {
        StandardStream.openMissing()
        LoggingSystem.bootstrap(LogStream.standardError)
        ParentLifeline.follow()
        LogFormat.current = LogFormat.wanted() ?? .text
        do {
            let command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = command
                try command.run()
            }
        } catch  where LogFormat.current == .json && exitCode(for: error) != .success && !(error is ExitCode) {
            // What ends the process is an entry of its log, too.
            let isNode = CommandLine.arguments.dropFirst().first == "node"
            Logger(label: isNode ? "revoked.node" : "revoked.server").critical("\(message(for: error))")
            exit(withError: exitCode(for: error))
        } catch { exit(withError: error) }
    }
}
