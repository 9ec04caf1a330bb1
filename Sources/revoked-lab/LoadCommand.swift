#if os(Linux)
    import ArgumentParser

    /// `revoked-lab load`: puts load on what is there, and judges every answer.
    struct LoadCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "load",
            abstract: "Put load on servers and judge every answer; exit status 1 if one was wrong.",
            subcommands: [LoadWireCommand.self, LoadNodesCommand.self, LoadChaosCommand.self]
        )
    }
#endif
