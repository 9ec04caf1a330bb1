import ArgumentParser
import Demo

/// `revoked demo`: the main job, shown.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the main job: a daemon, three auth nodes, and a token that is revoked on one of them.",
        discussion: "Everything runs on free ports of 127.0.0.1 and ends with this command."
    )

    @Flag(help: "End after the story; the exit status is 0 only if every step held.") var once = false
    @Option(help: "Play it on this Redis or Valkey (redis://…) instead of a daemon of our own.") var backend: String?

    func run() async throws {
        switch await Demo(backend: backend, once: once).run() {
        case .held: return
        case .failed: throw ExitCode.failure
        case .interrupted: throw ExitCode(130)
        }
    }
}
