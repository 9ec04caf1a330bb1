import Foundation
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import Revocation

/// A real redis-server of this machine, on a free port of loopback, without any file.
final class RedisServer: Sendable {
    struct NotInstalled: Error, CustomStringConvertible {
        var description: String { "this test needs redis-server: apt-get install redis-server" }
    }

    struct NotStarted: Error {}

    let port: Int
    private let settings: [String]
    private let process: Mutex<Process?> = Mutex(nil)

    /// Starts a server and waits until it listens.
    /// - Parameter settings: as on the command line; `{port}` is its port.
    convenience init(_ settings: String...) async throws {
        try await self.init(arguments: ["--port", "{port}", "--bind", "127.0.0.1", "--save", ""] + settings)
    }

    init(arguments settings: [String]) async throws {
        self.settings = settings
        // Another process may take the port before redis-server does.
        for _ in 0..<3 {
            let port = try freePort()
            if let process = try? await Self.start(port: port, settings) {
                self.port = port
                self.process.withLock { $0 = process }
                return
            }
        }
        throw FileManager.default.isExecutableFile(atPath: Self.path) ? NotStarted() : NotInstalled() as any Error
    }

    deinit { kill() }

    var url: String { "redis://127.0.0.1:\(port)" }

    /// Kills the server. With SIGKILL: it inherits the signal mask of the thread that starts it, which may block
    /// others.
    func kill() {
        process.withLock { process in
            guard let running = process else { return }
            Self.kill(running)
            process = nil
        }
    }

    func signal(_ number: Int32) {
        process.withLock { process in
            if let process { Foundation.kill(process.processIdentifier, number) }
        }
    }

    private static func kill(_ process: Process) {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Starts it again, empty, on the same port.
    func restart() async throws {
        let new = try await Self.start(port: port, settings)
        process.withLock { $0 = new }
    }

    private static let path = "/usr/bin/redis-server"

    private static func start(port: Int, _ settings: [String]) async throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = settings.map { $0.replacing("{port}", with: "\(port)") }
        process.currentDirectoryURL = URL(fileURLWithPath: NSTemporaryDirectory())
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let isUp = await eventually {
            guard process.isRunning else { return true }
            return (try? await connect(port)) != nil
        }
        guard isUp, process.isRunning else {
            kill(process)
            throw NotStarted()
        }
        return process
    }

    private static func connect(_ port: Int) async throws {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get().close().get()
    }

    /// Asks a server anything, on a connection of its own.
    static func ask(port: Int, _ command: Command) async throws -> Reply {
        let channel = try await StoreChannelHandler.connect(
            to: .tcp(host: "127.0.0.1", port: port), on: MultiThreadedEventLoopGroup.singleton.next(), encryption: nil,
            timeout: .seconds(5)
        ).get()
        let replies = try await channel.eventLoop.flatSubmit {
            StoreChannelHandler.call([command], on: channel, timeout: .seconds(5))
        }.get()
        try await channel.close()
        return replies[0]
    }
}
