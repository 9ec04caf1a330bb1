import Foundation
import TestSupport
import Testing

/// Secrets from files, as a deployment hands them to the real programs.
@Suite struct ProcessSecretsTests {
    private let folder = try! TemporaryFolder()

    private func secret(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let path = folder.file(name)
        try (text + "\n").write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    @Test func theDaemonTakesItsPasswordsFromFilesAndShowsThemToNobody() throws {
        let (everybody, admin) = ("hunter2-everybody", "hunter2-admin")
        let daemon = try DaemonProcess(
            ["--requirepass-file", try secret("one", everybody, mode: 0o644), "--loglevel", "trace"],
            environment: ["REVOKED_ADMIN_PASSWORD_FILE": try secret("two", admin)])
        let socket = try daemon.connect()
        #expect(try socket.command("PING").starts(with: "-NOAUTH".utf8))
        #expect(try socket.command("AUTH hunter2").starts(with: "-WRONGPASS".utf8))
        #expect(try socket.command("AUTH admin \(admin)").starts(with: "+OK".utf8))
        #expect(try socket.command("AUTH \(everybody)").starts(with: "+OK".utf8))
        for command: WireCommand in ["CONFIG GET *", "CONFIG GET requirepass*", "INFO everything", "CLIENT LIST"] {
            let reply = String(decoding: try socket.command(command), as: UTF8.self)
            #expect(!reply.contains("hunter2"), "\(command)")
        }
        daemon.process.terminate()
        let (status, log) = try daemon.process.waitForEnd()
        #expect(status == 0 && log.contains(" debug ") && !log.contains("hunter2"))
        // One file of the two is open to others.
        #expect(log.components(separatedBy: "others may read the secret in").count == 2)
    }

    @Test func aCommandTakesURLAndPasswordFromFiles() throws {
        let redis = try LocalRedis(["--requirepass", "hunter2"])
        let password = try secret("password", "hunter2")
        let url = try secret("url", "redis://:hunter2@127.0.0.1:\(redis.port)")
        let bare = "redis://127.0.0.1:\(redis.port)"
        for arguments in [["--backend-file", url], ["--backend", bare, "--backend-password-file", password]] {
            let (status, output) = try TestProcess(try DaemonProcess.program(), ["init"] + arguments).waitForEnd()
            #expect(status == 0 && !output.contains("hunter2"), "\(output)")
        }
        let (status, output) = try TestProcess(
            try DaemonProcess.program(), ["init"],
            environment: ["REVOKED_BACKEND_FILE": url, "REVOKED_BACKEND": bare]
        ).waitForEnd()
        #expect(status == 64 && output.contains("keep one of them"))
        #expect(!output.contains("hunter2"))
    }

    @Test func aNodeTakesTheStoresPasswordFromAFile() throws {
        let daemon = try DaemonProcess(environment: ["REVOKED_REQUIREPASS": "hunter2"])
        let administrator = String(repeating: "hunter2-", count: 4)
        let node = try TestNodeProcess(
            backend: daemon.port,
            [
                "--backend-password-file", try secret("password", "hunter2"), "--log-level", "trace",
                "--admin-secret-file", try secret("administrator", administrator),
            ])
        let socket = try TestSocket(.port(node.port))
        try socket.send(Bytes("GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
        let answer = String(decoding: try socket.readToEnd(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer)")
        node.process.terminate()
        let log = try node.process.waitForEnd().output
        #expect(log.contains(" debug ") && !log.contains("hunter2"))
    }
}
