import Foundation
import Testing

@testable import Demo

@Suite struct DemoStageTests {
    /// A command line can be read by every user of the machine.
    @Test func thePasswordOfTheStoreStandsInNoCommandLine() async throws {
        let program = FileManager.default.temporaryDirectory.appending(path: "revoked-test-\(UUID()).sh").path
        defer { try? FileManager.default.removeItem(atPath: program) }
        try Data(
            """
            #!/bin/sh
            echo "arguments: $*"
            echo "environment: $REVOKED_BACKEND$REVOKED_NODE_BACKEND"
            echo "listening on http://127.0.0.1:1"
            """.utf8
        ).write(to: URL(filePath: program))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)

        let url = "redis://:hunter2@127.0.0.1:1"
        let stage = try DemoStage(executable: program)
        defer { stage.removeFiles() }
        _ = try await stage.startNode("A", backend: url)
        let node = try String(contentsOfFile: "\(stage.directory)/node-A.log", encoding: .utf8)
        let command = try await stage.run(["init"], backend: url)
        await stage.stop()
        for said in [node, command] {
            #expect(said.contains("environment: \(url)"))
            #expect(said.split(separator: "\n").first?.contains("hunter2") == false)
        }
    }
}
