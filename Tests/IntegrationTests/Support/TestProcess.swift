import Foundation
import TestSupport

/// A program that a test started; it is ended by its pid when the test lets go of it.
final class TestProcess {
    private let process = Process()
    private let output = Output()
    /// Files that it needs, let go of when it has ended.
    var folder: TemporaryFolder?

    /// - Parameter program: a path, or a name to be found in PATH.
    /// - Parameter input: what it reads from its standard input, up to 64 kB.
    init(_ program: String, _ arguments: [String], environment: [String: String] = [:], input: String? = nil) throws {
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let given = Pipe()
        process.standardInput = input == nil ? FileHandle.nullDevice : given
        if let input { given.fileHandleForWriting.write(Data(input.utf8)) }
        try given.fileHandleForWriting.close()
        process.standardOutput = output.pipe
        process.standardError = output.pipe
        try process.run()
        output.collect()
    }

    deinit {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    var identifier: Int32 { process.processIdentifier }

    /// Where an installed program is.
    /// - Throws: with the command that installs it.
    static func find(_ name: String, package: String) throws -> String {
        let directories = ["/usr/bin", "/usr/local/bin", "/bin"]
        for directory in directories where access("\(directory)/\(name)", X_OK) == 0 { return "\(directory)/\(name)" }
        throw TestFailure("\(name) is missing: apt-get install \(package)")
    }

    func terminate(_ signal: Int32 = SIGTERM) { kill(process.processIdentifier, signal) }

    /// Waits until a line of its output holds `word`.
    func waitForLine(containing word: String) throws -> String {
        try output.wait(until: Date(timeIntervalSinceNow: TestSocket.patience)) { text, isAll in
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            lines.removeLast()
            if let line = lines.first(where: { $0.contains(word) }) { return String(line) }
            if isAll { throw TestFailure("it ended without “\(word)”: \(text)") }
            return nil
        }
    }

    /// Waits for its end.
    /// - Returns: its exit status and all it wrote, errors included.
    func waitForEnd(within seconds: TimeInterval = TestSocket.patience) throws -> (status: Int32, output: String) {
        let text = try output.wait(until: Date(timeIntervalSinceNow: seconds)) { $1 ? $0 : nil }
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    /// What it writes, read at once by a thread: a program must not wait for the test to read its log.
    private final class Output: @unchecked Sendable {
        let pipe = Pipe()
        private let changed = NSCondition()
        private var bytes: Bytes = []
        private var hasEnded = false

        /// Comes after the program has been started.
        func collect() {
            Thread.detachNewThread { [self] in
                let descriptor = pipe.fileHandleForReading.fileDescriptor
                var buffer = Bytes(repeating: 0, count: 1 << 16)
                while true {
                    let count = read(descriptor, &buffer, buffer.count)
                    if count < 0, errno == EINTR { continue }
                    changed.withLock {
                        if count > 0 { bytes += buffer[..<count] } else { hasEnded = true }
                        changed.broadcast()
                    }
                    if count <= 0 { return }
                }
            }
        }

        /// - Parameter find: looks at what there is, and whether it is all; nil to wait for more.
        func wait<Result>(
            until deadline: Date, _ find: (_ text: String, _ isAll: Bool) throws -> Result?
        ) throws -> Result {
            try changed.withLock {
                while true {
                    let text = String(decoding: bytes, as: UTF8.self)
                    if let result = try find(text, hasEnded) { return result }
                    guard changed.wait(until: deadline) else {
                        throw TestFailure("it took too long; it said: \(text)")
                    }
                }
            }
        }
    }

    /// Sends SIGSTOP, and waits until none of its threads runs any more: until then it may still answer.
    func stop() async throws {
        terminate(SIGSTOP)
        let tasks = "/proc/\(identifier)/task"
        try await eventually("it stands still") {
            try FileManager.default.contentsOfDirectory(atPath: tasks).allSatisfy {
                try String(contentsOfFile: "\(tasks)/\($0)/stat", encoding: .utf8).contains(") T ")
            }
        }
    }
}
