import Foundation
import TestSupport

/// A program that a test started; it is ended by its pid when the test lets go of it.
final class TestProcess {
    private let process = Process()
    private let output = Pipe()
    private var text = ""
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
        process.standardOutput = output
        process.standardError = output
        try process.run()
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

    /// Reads its output until a line holds `word`.
    func waitForLine(containing word: String) throws -> String {
        let deadline = Date(timeIntervalSinceNow: TestSocket.patience)
        while true {
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            lines.removeLast()
            if let line = lines.first(where: { $0.contains(word) }) { return String(line) }
            guard try readSome(deadline) else { throw TestFailure("it ended without “\(word)”: \(text)") }
        }
    }

    /// Waits for its end.
    /// - Returns: its exit status and all it wrote, errors included.
    func waitForEnd(within seconds: TimeInterval = TestSocket.patience) throws -> (status: Int32, output: String) {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while try readSome(deadline) {}
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    /// - Returns: false at the end of its output.
    private func readSome(_ deadline: Date) throws -> Bool {
        let descriptor = output.fileHandleForReading.fileDescriptor
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let left = deadline.timeIntervalSinceNow
        guard left > 0, poll(&item, 1, Int32(left * 1000) + 1) > 0 else {
            throw TestFailure("it took too long; it said: \(text)")
        }
        var buffer = Bytes(repeating: 0, count: 1 << 16)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return false }
        text += String(decoding: buffer[..<count], as: UTF8.self)
        return true
    }
}
