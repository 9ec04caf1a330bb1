import ArgumentParser
import Logging
import ProcessOutput
import Processes

@main
struct Revoked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoked",
        abstract: "The place where servers write down that a JWT is revoked, and where every other server finds out.",
        subcommands: [
            ServeCommand.self, NodeCommand.self, DemoCommand.self, InitCommand.self, AcceptCommand.self,
            TermsCommand.self, RevokeCommand.self, CheckCommand.self, RestoreCommand.self, CheckLogCommand.self,
            HealthCommand.self,
        ]
    )

    static func main() async {
        StandardStream.openMissing()
        LoggingSystem.bootstrap(LogStream.standardError)
        ParentLifeline.follow()
        await main(nil)
    }
}
