import ArgumentParser
import Lab
import Logging
import ProcessOutput
import Processes

@main
struct RevokedLab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoked-lab",
        abstract: "Measure revoked, put load on it, and break it. Nothing of this is in the product.",
        discussion: "Starts the program revoked that stands beside it.",
        subcommands: [BenchCommand.self, SimulateCommand.self] + linuxCommands
    )

    /// What needs epoll and /proc.
    #if os(Linux)
        private static let linuxCommands: [any ParsableCommand.Type] = [
            LoadCommand.self, NaiveNodeCommand.self, EchoCommand.self,
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
