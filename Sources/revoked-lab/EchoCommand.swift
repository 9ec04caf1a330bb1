#if os(Linux)
    import ArgumentParser
    import Lab

    /// `revoked-lab echo`: the echo server, as `revoked-lab bench server` starts it.
    struct EchoCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "echo", abstract: "Answer the same to every request: what a server costs at least.")

        @Option(help: "The reply.") var reply: String

        func run() throws {
            try EchoBaseline.serve(reply: reply)
        }
    }
#endif
