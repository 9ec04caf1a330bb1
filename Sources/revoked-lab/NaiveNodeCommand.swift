#if os(Linux)
    import ArgumentParser
    import Lab

    /// `revoked-lab node`: an auth node with the denylist that everyone has.
    struct NaiveNodeCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "node",
            abstract: "Run an auth node that does what everyone does, and loses revocations.",
            discussion: """
                Its settings are those of `revoked node`, from the environment (REVOKED_NODE_PORT, …).
                """)

        @Option(help: "How its denylist is made: \(NaiveMode.names).") var denylist: NaiveMode

        func run() async throws {
            try await NaiveNode.run(denylist)
        }
    }

    extension NaiveMode: ExpressibleByArgument {}
#endif
