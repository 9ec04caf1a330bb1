import ArgumentParser

/// What the client costs the process that uses it.
@main struct ClientBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clientbench",
        abstract: "Measure what a check costs the process that asks.",
        discussion: """
            Needs a release build of clientbench and revoked; what counts are the ratios, each of two measurements of \
            the same round.
            """,
        subcommands: [CheckBench.self, RequestBench.self], defaultSubcommand: CheckBench.self)
}
