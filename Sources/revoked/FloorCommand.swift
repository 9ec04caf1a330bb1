#if os(Linux)
    import ArgumentParser
    import Lab

    /// `revoked floor`: the floor server, as `revoked bench` starts it.
    struct FloorCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "floor", abstract: "Answer the same to every request: what a server costs at least.",
            shouldDisplay: false)

        @Option(help: "The reply.") var reply: String

        func run() throws {
            try Bench.serveFloor(reply: reply)
        }
    }
#endif
