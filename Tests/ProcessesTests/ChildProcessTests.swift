import Foundation
import Processes
import Testing

@Suite struct ChildProcessTests {
    private static let patience: Duration = .seconds(20)

    @Test func aLineIsWaitedFor() async throws {
        try await withChild("echo not this; sleep 0.1; echo listening on tcp://127.0.0.1:7; exec sleep 60") { child in
            let address = try await child.line(beginning: "listening on ", within: Self.patience)
            #expect(address == "tcp://127.0.0.1:7")
            #expect(child.hasEnded == nil)
        }
    }

    @Test func aChildThatEndsTooSoonIsReportedWithWhatItSaid() async throws {
        try await withChild("echo the port is taken >&2; exit 3") { child in
            let failure = await #expect(throws: ChildProcess.Failure.self) {
                try await child.line(beginning: "listening on ", within: Self.patience)
            }
            #expect(failure?.message.contains("the port is taken") == true)
            #expect(child.hasEnded == .exited(3))
        }
    }

    @Test func aKilledChildIsKnownToBeDead() async throws {
        try await withChild("exec sleep 60") { child in
            child.signal(SIGKILL)
            let ending = try await child.end(within: Self.patience)
            #expect(ending == .signalled(SIGKILL))
            #expect(kill(child.identifier, 0) == -1)
        }
    }

    @Test func aChildThatIgnoresBeingAskedIsKilled() async throws {
        try await withChild("trap '' TERM; echo ready; exec sleep 60") { child in
            _ = try await child.line(beginning: "ready", within: Self.patience)
            await child.stop(within: .milliseconds(200))
            #expect(child.hasEnded == .signalled(SIGKILL))
        }
    }

    private func withChild(_ script: String, _ body: (ChildProcess) async throws -> Void) async throws {
        let log = FileManager.default.temporaryDirectory.appending(path: "revoked-child-\(UUID()).log").path
        defer { try? FileManager.default.removeItem(atPath: log) }
        let child = try ChildProcess("child", executable: "/bin/sh", arguments: ["-c", script], log: log)
        do {
            try await body(child)
        } catch {
            await child.stop()
            throw error
        }
        await child.stop()
    }
}
