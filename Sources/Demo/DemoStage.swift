import AuthNode
import Foundation
import Processes
import Synchronization

/// What the story is played with: keys and accounts in a private directory, the store, three nodes.
final class DemoStage: Sendable {
    static let user = "alice"
    static let password = "wonderland"
    static let startTime: Duration = .seconds(30)

    /// Keys, accounts and the processes' logs.
    let directory: String
    private let executable: String
    private let processes = Mutex<[ChildProcess]>([])

    /// - Parameter executable: the path of `revoked`.
    init(executable: String) throws {
        self.executable = executable
        directory = FileManager.default.temporaryDirectory.path + "/revoked-demo-\(UUID().uuidString.lowercased())"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Makes the key that the nodes share, and the account.
    func makeFiles() throws {
        _ = try KeyFiles.create(keys, algorithm: .es256)
        try AccountFile(users).add(Self.user, password: Self.password)
    }

    /// Starts our daemon.
    /// - Parameter port: 0 for a free one.
    /// - Returns: the process and the port.
    func startDaemon(port: Int) async throws -> (ChildProcess, Int) {
        let attempt = processes.withLock { $0.count }
        let daemon = try start(
            "daemon", log: "daemon-\(attempt)", ["serve", "--port", "\(port)", "--dir", "\(directory)/data"])
        let address = try await daemon.line(beginning: "listening on tcp://127.0.0.1:", within: Self.startTime)
        guard let port = Int(address) else {
            throw ChildProcess.Failure(message: "the daemon names no port: \(address)")
        }
        _ = try await daemon.line(beginning: "ready", within: Self.startTime)
        return (daemon, port)
    }

    /// Starts a node on a free port.
    /// - Parameters:
    ///   - backend: the store's URL, which may hold a password: passed on where no other user can read it.
    ///   - isLocal: whether it checks in its own memory, which takes a daemon of ours.
    func startNode(_ name: String, backend: String, isLocal: Bool = false) async throws -> NodeClient {
        let node = try start(
            "node \(name)", log: "node-\(name)",
            ["node", "--port", "0", "--keys", keys, "--users", users, "--name", name]
                + (isLocal ? ["--checks", "local"] : []),
            environment: ["REVOKED_NODE_BACKEND": backend])
        let url = try await node.line(beginning: "listening on ", within: Self.startTime)
        return NodeClient(name: name, url: url)
    }

    /// Runs a command to its end.
    /// - Parameter backend: the store's URL, for the environment.
    /// - Returns: what it printed.
    /// - Throws: ``ChildProcess/Failure`` if it does not succeed.
    @discardableResult
    func run(_ arguments: [String], backend: String) async throws -> String {
        let command = "revoked \(arguments[0])"
        let process = try start(command, log: arguments[0], arguments, environment: ["REVOKED_BACKEND": backend])
        guard try await process.end(within: Self.startTime) == .exited(0) else {
            throw ChildProcess.Failure(message: "`\(command)` failed:\n\(process.lastLines)")
        }
        return process.output
    }

    /// Ends every process that was started.
    func stop() async {
        let processes = processes.withLock { $0 }
        await withTaskGroup { group in
            for process in processes { group.addTask { await process.stop() } }
        }
    }

    func removeFiles() {
        try? FileManager.default.removeItem(atPath: directory)
    }

    private var keys: String { "\(directory)/key.pem" }
    private var users: String { "\(directory)/users.jsonl" }

    private func start(
        _ name: String, log: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws(ChildProcess.Failure) -> ChildProcess {
        let process = try ChildProcess(
            name, executable: executable, arguments: arguments, log: "\(directory)/\(log).log",
            environment: environment)
        processes.withLock { $0.append(process) }
        return process
    }
}
