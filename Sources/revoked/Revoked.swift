import ArgumentParser
import LoadHarness

@main
struct Revoked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoked",
        abstract: "The place where servers write down that a JWT is revoked, and where every other server finds out.",
        subcommands: [ServeCommand.self, NodeCommand.self, DemoCommand.self, InitCommand.self, AcceptCommand.self]
    )

    static func main() async {
        ParentLifeline.follow()
        await main(nil)
    }
}
