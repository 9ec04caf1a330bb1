import ArgumentParser

@main
struct Revoked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoked",
        abstract: "The place where servers write down that a JWT is revoked, and where every other server finds out.",
        subcommands: [ServeCommand.self, NodeCommand.self, InitCommand.self, AcceptCommand.self]
    )
}
