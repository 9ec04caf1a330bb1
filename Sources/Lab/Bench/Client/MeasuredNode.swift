import CHiredisBaseline
import Foundation

/// An auth node that was started for a measurement, and a token of it.
struct MeasuredNode {
    private static let startTime = Duration.seconds(20)
    private static let password = "correct horse"

    /// What the token is presented in: `GET /me`.
    let request: String
    /// `GET /healthz`: a request without a token.
    static let probe = "GET /healthz HTTP/1.1\r\nHost: node\r\n\r\n"
    let port: Int32
    private let process: Process

    /// Makes the key and the account of all nodes.
    static func makeFiles(in directory: URL) throws {
        try run(["node", "make-key", directory.appending(path: "key.pem").path])
        try run(["node", "add-user", "--users", directory.appending(path: "users").path, "alice"], input: password)
    }

    /// - Parameter settings: more of the command line.
    static func start(backend: String, files directory: URL, _ settings: [String] = []) async throws -> MeasuredNode {
        let port = baseline_free_port()
        let process = try launch(
            [
                "node", "--port", "\(port)", "--backend", backend, "--keys", directory.appending(path: "key.pem").path,
                "--users", directory.appending(path: "users").path, "--log-level", "warning",
            ] + settings)
        let deadline = ContinuousClock.now + startTime
        while true {
            if let token = token(port: port) {
                return MeasuredNode(
                    request: "GET /me HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer \(token)\r\n\r\n", port: port,
                    process: process)
            }
            guard process.isRunning, ContinuousClock.now < deadline else {
                process.terminate()
                throw LoadFailure(message: "the node does not answer")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    func stop() async {
        process.terminate()
        while process.isRunning { try? await Task.sleep(for: .milliseconds(10)) }
    }

    /// The processor time of all its threads so far, in nanoseconds.
    var processorNanoseconds: Double { process.processorNanoseconds }

    /// The access token of a log-in; nil while the node does not answer.
    private static func token(port: Int32) -> String? {
        let body = #"{"username":"alice","password":"\#(password)"}"#
        let request =
            "POST /login HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        var answer = [CChar](repeating: 0, count: 16_384)
        let length = baseline_http_once(port, request, &answer, answer.count)
        guard length > 0, length < answer.count else { return nil }
        let data = Data(answer.prefix(length).map { UInt8(bitPattern: $0) })
        return (try? JSONSerialization.jsonObject(with: data) as? [String: Any])?["access_token"] as? String
    }

    private static func run(_ arguments: [String], input: String? = nil) throws {
        let process = try launch(arguments, input: input)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw LoadFailure(message: "revoked \(arguments.prefix(2).joined(separator: " ")) failed")
        }
    }

    private static func launch(_ arguments: [String], input: String? = nil) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: try Programs.installed.revoked())
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        if let input {
            let pipe = Pipe()
            try pipe.fileHandleForWriting.write(contentsOf: Data((input + "\n").utf8))
            try pipe.fileHandleForWriting.close()
            process.standardInput = pipe
        }
        try process.run()
        return process
    }
}
