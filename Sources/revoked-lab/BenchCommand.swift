import ArgumentParser

/// `revoked-lab bench`: what things cost.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the daemon, its table, the client and the node.",
        discussion: """
            Needs a release build of revoked and revoked-lab, and an otherwise idle machine. What counts are ratios of \
            one run, and the processor time per request.
            """,
        subcommands: linuxCommands + [BenchClientCommand.self, BenchNodeCommand.self, BenchStreamsCommand.self]
    )

    #if os(Linux)
        private static let linuxCommands: [any ParsableCommand.Type] = [
            BenchServerCommand.self, BenchTableCommand.self, BenchFollowerCommand.self, BenchListenersCommand.self,
            BenchHandshakesCommand.self,
        ]
    #else
        private static let linuxCommands: [any ParsableCommand.Type] = []
    #endif
}
