import Foundation
import TestSupport

/// `revoked node` as a process of its own, with one account: alice, "correct horse".
final class TestNodeProcess {
    let process: TestProcess
    let port: Int

    /// - Parameter arguments: besides the port, the backend and its files.
    /// - Parameter descriptors: how many files and sockets it may have open.
    init(
        backend: Int, _ arguments: [String] = [], environment: [String: String] = [:], descriptors: Int? = nil
    ) throws {
        let folder = try TemporaryFolder()
        let program = try DaemonProcess.program()
        let (key, users) = ("\(folder.path)/key.pem", "\(folder.path)/users")
        guard try TestProcess(program, ["node", "make-key", key]).waitForEnd().status == 0,
            try TestProcess(program, ["node", "add-user", "--users", users, "alice"], input: "correct horse\n")
                .waitForEnd().status == 0
        else { throw TestFailure("no key or no account") }
        let command =
            [
                program, "node", "--port", "0", "--backend", "redis://127.0.0.1:\(backend)", "--keys", key,
                "--users", users, "--http", "off",
            ] + arguments
        let limit = descriptors.map { "ulimit -n \($0) && " } ?? ""
        process = try TestProcess("/bin/sh", ["-c", "\(limit)exec \"$@\"", "sh"] + command, environment: environment)
        process.folder = folder
        let line = try process.waitForLine(containing: "listening on http")
        guard let port = line.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw TestFailure("no port in: \(line)")
        }
        self.port = port
    }

    /// The processor time that it has used, in seconds.
    func processorTime() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process.identifier)/stat", encoding: .utf8)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw TestFailure("no stat: \(text)")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
