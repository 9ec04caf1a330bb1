import ArgumentParser
import Lab
import Logging
import ProcessOutput

@main
struct Revoked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoked",
        abstract: "The place where servers write down that a JWT is revoked, and where every other server finds out.",
        subcommands: [
            ServeCommand.self, NodeCommand.self, DemoCommand.self, InitCommand.self, AcceptCommand.self,
            TermsCommand.self, RevokeCommand.self, CheckCommand.self, RestoreCommand.self, CheckLogCommand.self,
            HealthCommand.self,
        ] + linuxCommands
    )

    /// What measures with epoll.
    #if os(Linux)
        private static let linuxCommands: [any ParsableCommand.Type] = [
            BenchCommand.self, FloorCommand.self, LoadCommand.self,
        ]
    #else
        private static let linuxCommands: [any ParsableCommand.Type] = []
    #endif

    static func main() async {
        StandardStream.openMissing()
        LoggingSystem.bootstrap(LogStream.standardError)
        ParentLifeline.follow()
        await main(nil)
    }
}
