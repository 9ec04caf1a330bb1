import Foundation
import Processes
import UnixSignals

/// `revoked demo`: plays the main job with real processes on loopback and tells it as it goes.
package struct Demo: Sendable {
    /// How it ended.
    package enum Outcome: Sendable {
        /// Every step held.
        case held
        case failed
        /// A signal came before the story's end.
        case interrupted
    }

    /// The path of `revoked`.
    package var executable: String
    /// A Redis or Valkey to play on, instead of a daemon of our own.
    package var backend: String?
    /// Whether to end after the story instead of staying up.
    package var once: Bool

    package init(executable: String = Self.currentExecutable, backend: String? = nil, once: Bool = false) {
        self.executable = executable
        self.backend = backend
        self.once = once
    }

    /// The program that is running.
    package static var currentExecutable: String {
        Bundle.main.executablePath ?? CommandLine.arguments[0]
    }

    private enum Event {
        case told
        case failed(any Error)
        case signal
    }

    /// Plays it. Every process that it started has ended when it returns; of its files only a failure leaves the logs.
    package func run() async -> Outcome {
        let narrator = Narrator()
        let stage: DemoStage
        do {
            stage = try DemoStage(executable: executable)
        } catch {
            narrator.failed("cannot make a directory for the demonstration: \(error)")
            return .failed
        }
        let outcome = await withTaskGroup(of: Event.self) { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { break }
                return .signal
            }
            group.addTask {
                do {
                    try await tell(stage, narrator)
                    return .told
                } catch {
                    return .failed(error)
                }
            }
            defer { group.cancelAll() }
            switch await group.next() {
            case .told:
                // Only the signal is left to wait for.
                if !once { _ = await group.next() }
                return Outcome.held
            case .failed(let error):
                narrator.failed("\(error)")
                return .failed
            case .signal, nil:
                return .interrupted
            }
        }
        await stage.stop()
        if outcome == .failed {
            narrator.plain("  What the processes said: \(stage.directory)/*.log")
        } else {
            stage.removeFiles()
        }
        return outcome
    }

    private func tell(_ stage: DemoStage, _ narrator: Narrator) async throws {
        narrator.title("revoked: a token revoked on one node is refused on every other")
        narrator.step("Start")
        try stage.makeFiles()
        let start = ContinuousClock.now
        var daemon: (process: ChildProcess, port: Int)?
        let url: String
        if let backend {
            url = backend
            try await stage.run(["init"], backend: backend)
            narrator.held("store   the given one; it has an epoch (revoked init)", ContinuousClock.now - start)
        } else {
            let started = try await stage.startDaemon(port: 0)
            daemon = started
            url = "redis://127.0.0.1:\(started.1)"
            narrator.held("daemon  \(url)", ContinuousClock.now - start)
        }
        var nodes: [NodeClient] = []
        for name in ["A", "B", "C"] {
            let start = ContinuousClock.now
            let node = try await stage.startNode(name, backend: url, isLocal: daemon != nil)
            narrator.held("node \(name)  \(node.url)", ContinuousClock.now - start)
            nodes.append(node)
        }
        let story = DemoStory(stage: stage, narrator: narrator, nodes: nodes)
        let tokens = try await story.play()
        if let daemon {
            try await story.playOutage(tokens, daemon: daemon.process, port: daemon.port, backend: url)
        }
        narrator.step("Every step held")
        if !once { invite(narrator, nodes) }
    }

    /// What to try by hand.
    private func invite(_ narrator: Narrator, _ nodes: [NodeClient]) {
        narrator.plain(
            """

            The processes stay up. Try it in another terminal:

              TOKEN=$(curl -s \(nodes[0].url)/login \\
                -d '{"username":"\(DemoStage.user)","password":"\(DemoStage.password)"}' \\
                | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
              curl -i \(nodes[1].url)/me -H "Authorization: Bearer $TOKEN"
              curl -i -X POST \(nodes[2].url)/logout -H "Authorization: Bearer $TOKEN"
              curl -i \(nodes[0].url)/me -H "Authorization: Bearer $TOKEN"

            Ctrl-C stops them all.
            """)
    }
}
