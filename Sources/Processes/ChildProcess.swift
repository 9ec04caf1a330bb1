import Foundation
import Synchronization

/// A process that we started: its output goes to a log file, and it can be waited for, signalled and ended.
///
/// Its standard input is a pipe that nothing is ever written to: it closes when our process ends, however it ends,
/// which a child that follows ``ParentLifeline`` notices.
package final class ChildProcess: Sendable {
    /// Why a child could not be started, or did not do what was waited for.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let message: String
        package var description: String { message }

        package init(message: String) { self.message = message }
    }

    /// How a process ended.
    package enum Ending: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    private static let pollInterval: Duration = .milliseconds(5)

    /// What it is called in messages.
    package let name: String
    /// The file that receives its standard output and standard error.
    package let log: String
    package let identifier: Int32
    /// Closes when we end.
    private let lifeline: Pipe
    private let ending: EndingBox

    /// Starts a process. It inherits our environment without any `REVOKED_…` variable.
    /// - Parameter executable: its path.
    /// - Parameter log: written from its beginning.
    /// - Parameter input: what it reads from its standard input, at most 16 KiB; its end is the end of that then, and
    ///   it does not end with us.
    /// - Throws: ``Failure``.
    package init(
        _ name: String, executable: String, arguments: [String], log: String, environment: [String: String] = [:],
        input: [UInt8]? = nil
    ) throws(Failure) {
        guard FileManager.default.createFile(atPath: log, contents: nil, attributes: [.posixPermissions: 0o600]),
            let output = FileHandle(forWritingAtPath: log)
        else {
            throw Failure(message: "cannot write \(log)")
        }
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("REVOKED_") }
        let process = Process()
        let ending = EndingBox()
        lifeline = Pipe()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = inherited.merging(environment) { $1 }
            .merging(input == nil ? [ParentLifeline.variable: "1"] : [:]) { $1 }
        process.standardInput = lifeline
        process.standardOutput = output
        process.standardError = output
        process.terminationHandler = { process in
            let status = process.terminationStatus
            ending.value.withLock { $0 = process.terminationReason == .exit ? .exited(status) : .signalled(status) }
        }
        do {
            try process.run()
        } catch {
            throw Failure(message: "cannot start \(name) (\(executable)): \(error)")
        }
        try? output.close()
        if let input {
            precondition(input.count <= 16 << 10, "more might wait for the process to read it")
            try? lifeline.fileHandleForWriting.write(contentsOf: input)
            try? lifeline.fileHandleForWriting.close()
        }
        self.name = name
        self.log = log
        self.ending = ending
        identifier = process.processIdentifier
    }

    /// Nil while it runs, or a process that it started itself does: Foundation notices no end before theirs.
    package var hasEnded: Ending? { ending.value.withLock { $0 } }

    /// Waits until a line of its output begins with `prefix`.
    /// - Returns: what follows the prefix in that line.
    /// - Throws: ``Failure`` if it ends or the time is up before, with the end of its output.
    package func line(beginning prefix: String, within limit: Duration) async throws -> String {
        let deadline = ContinuousClock.now + limit
        while true {
            let hasEnded = hasEnded
            let lines = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.hasPrefix(prefix) }) { return String(line.dropFirst(prefix.count)) }
            if let hasEnded {
                throw Failure(message: "\(name) ended (\(hasEnded)) before it said `\(prefix)…`:\n\(lastLines)")
            }
            guard ContinuousClock.now < deadline else {
                throw Failure(message: "\(name) did not say `\(prefix)…` within \(limit):\n\(lastLines)")
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// Sends a signal, unless it has ended.
    package func signal(_ signal: Int32) {
        ending.value.withLock { ending in
            if ending == nil { _ = kill(identifier, signal) }
        }
    }

    /// Waits for its end.
    /// - Throws: ``Failure`` if the time is up before.
    @discardableResult
    package func end(within limit: Duration) async throws -> Ending {
        let deadline = ContinuousClock.now + limit
        while true {
            if let hasEnded { return hasEnded }
            guard ContinuousClock.now < deadline else {
                throw Failure(message: "\(name) did not end within \(limit)")
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// Asks it to end, and makes it end if it does not within `limit`. Not cut short by cancellation.
    package func stop(within limit: Duration = .seconds(5)) async {
        await Task {
            signal(SIGTERM)
            guard (try? await end(within: limit)) == nil else { return }
            signal(SIGKILL)
            _ = try? await end(within: limit)
        }.value
    }

    /// All that it has written so far.
    package var output: String {
        String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
    }

    /// Removes the log of one that has ended.
    package func removeLog() { try? FileManager.default.removeItem(atPath: log) }

    /// The end of what it has written.
    package var lastLines: String {
        output.split(separator: "\n").suffix(10).map { "    \($0)" }.joined(separator: "\n")
    }

    private final class EndingBox: Sendable {
        let value = Mutex<Ending?>(nil)
    }
}
