import Foundation

/// A real redis-server on a directory of its own, reached through a socket file, and Redis' tools.
final class RealRedis {
    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    let directory: URL
    private var process: Process?
    private static let patience: TimeInterval = 20

    /// - Parameter files: what stands in the directory before the server starts, by path.
    init(files: [String: [UInt8]] = [:]) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "revoked-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: directory.appending(path: "appendonlydir"), withIntermediateDirectories: true)
        for (path, bytes) in files { try Data(bytes).write(to: directory.appending(path: path)) }
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Starts the server and waits until it has loaded its files.
    func start(_ settings: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: try Self.find("redis-server", package: "redis-server"))
        process.arguments =
            [
                "--port", "0", "--unixsocket", socket, "--dir", directory.path, "--save", "", "--appendonly", "yes",
                "--appendfsync", "always", "--logfile", directory.appending(path: "log").path,
            ] + settings
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process = process
        try wait("redis-server starts") { (try? self.command("ping")) == "PONG" || !process.isRunning }
        guard process.isRunning else {
            let log = try? String(contentsOf: directory.appending(path: "log"), encoding: .utf8)
            throw Failure("redis-server ended: \(log ?? "")")
        }
    }

    func kill() {
        guard let process else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    private var socket: String { directory.appending(path: "s").path }

    /// What redis-cli prints for a command.
    @discardableResult
    func command(_ words: String...) throws -> String {
        let (status, output) = try Self.run("redis-cli", package: "redis-tools", ["-s", socket] + words)
        guard status == 0, !output.hasPrefix("ERR") else { throw Failure("\(words): \(output)") }
        return output.hasSuffix("\n") ? String(output.dropLast()) : output
    }

    /// Sends commands on one connection, one a line.
    func commands(_ lines: String) throws {
        let output = try Self.run("redis-cli", package: "redis-tools", ["-s", socket], input: lines).output
        guard !output.contains("ERR") else { throw Failure(output) }
    }

    func file(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: directory.appending(path: path))) }

    func wait(_ what: String, until isSo: () throws -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: Self.patience)
        while try !isSo() {
            guard Date() < deadline else { throw Failure("\(what): not within \(Self.patience) s") }
            usleep(10_000)
        }
    }

    /// Runs a program to its end.
    static func run(
        _ name: String, package: String, _ arguments: [String], input: String = ""
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        let (pipe, standardInput) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: try find(name, package: package))
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = standardInput
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    private static func find(_ name: String, package: String) throws -> String {
        for directory in ["/usr/bin", "/usr/local/bin"] where access("\(directory)/\(name)", X_OK) == 0 {
            return "\(directory)/\(name)"
        }
        throw Failure("\(name) is missing: apt-get install \(package)")
    }
}
