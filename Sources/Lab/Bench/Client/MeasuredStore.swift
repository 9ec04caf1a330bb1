import CHiredisBaseline
import Foundation

/// A server to be measured against.
package enum StoreKind: String, CaseIterable, Sendable {
    /// Our daemon.
    case revoked
    case redis
}

/// What a server does with what is written before it acknowledges it.
package enum StoreLog: String, CaseIterable, Sendable {
    /// Memory only.
    case none
    /// In the log, which goes to the disk once a second.
    case everysec
    /// In the log, and on the disk.
    case always

    /// The settings of both servers.
    var arguments: [String] {
        self == .none ? ["--appendonly", "no"] : ["--appendonly", "yes", "--appendfsync", rawValue]
    }
}

/// A server that was started for a measurement, on a free port of 127.0.0.1.
struct MeasuredStore {
    private static let startTime = Duration.seconds(20)

    let port: Int32
    private let process: Process
    private let directory: URL

    static func start(_ kind: StoreKind, log: StoreLog = .none) async throws -> MeasuredStore {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "revoked-bench-client-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let process = Process()
        let port = try freePort()
        switch kind {
        case .revoked:
            process.executableURL = URL(filePath: try Programs.installed.revoked())
            process.arguments = [
                "serve", "--port", "\(port)", "--dir", directory.path, "--loglevel", "warning",
            ]
        case .redis:
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [
                "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--dir", directory.path,
                "--daemonize", "no",
            ]
        }
        process.arguments? += log.arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw LoadFailure(message: "cannot start \(kind.rawValue): \(error)")
        }
        let store = MeasuredStore(port: port, process: process, directory: directory)
        let deadline = ContinuousClock.now + startTime
        while !store.isInitialised(kind) {
            guard process.isRunning, ContinuousClock.now < deadline else {
                await store.stop()
                throw LoadFailure(message: "\(kind.rawValue) does not answer")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return store
    }

    /// The processor time of all its threads so far, in nanoseconds.
    var processorNanoseconds: Double { process.processorNanoseconds }

    func stop() async {
        // It has nothing to lose, and may have been started with SIGTERM blocked, as our threads have it.
        kill(process.processIdentifier, SIGKILL)
        while process.isRunning { try? await Task.sleep(for: .milliseconds(10)) }
        try? FileManager.default.removeItem(at: directory)
    }

    /// Whether it answers; a stock server gets its epoch now.
    private func isInitialised(_ kind: StoreKind) -> Bool {
        let epoch = kind == .redis ? UUID().uuidString : nil
        return baseline_ready("127.0.0.1", port, epoch) == 1
    }

    private static func freePort() throws -> Int32 {
        let port = baseline_free_port()
        guard port > 0 else { throw LoadFailure(message: "no port is free") }
        return port
    }
}

extension Process {
    /// The processor time of all its threads so far, in nanoseconds.
    var processorNanoseconds: Double {
        let tasks = "/proc/\(processIdentifier)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
        return threads.reduce(0) { sum, thread in
            let text = (try? String(contentsOfFile: "\(tasks)/\(thread)/schedstat", encoding: .utf8)) ?? ""
            return sum + (text.split(separator: " ").first.flatMap { Double($0) } ?? 0)
        }
    }
}
