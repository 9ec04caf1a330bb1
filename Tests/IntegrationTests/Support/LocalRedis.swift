import Foundation
import TestSupport

/// A real redis-server on a free loopback port, without files.
final class LocalRedis {
    let port: Int
    private let process: TestProcess
    private let folder = try? TemporaryFolder()

    init(_ settings: [String] = []) throws {
        let program = try TestProcess.find("redis-server", package: "redis-server")
        var failure: (any Error)?
        // Between asking for a free port and taking it another may take it.
        for _ in 0..<5 {
            let port = try freePort()
            let process = try TestProcess(
                program,
                ["--port", "\(port)", "--save", "", "--appendonly", "no", "--daemonize", "no"]
                    + (folder.map { ["--dir", $0.path] } ?? [])
                    + settings)
            do {
                _ = try process.waitForLine(containing: "Ready to accept connections")
                self.port = port
                self.process = process
                return
            } catch { failure = error }
        }
        throw failure!
    }

    /// Ends it in order.
    func end() throws {
        let socket = try connect()
        try socket.send(WireCommand("SHUTDOWN NOSAVE").encoded)
        _ = try socket.readToEnd()
        _ = try process.waitForEnd()
    }

    func connect() throws -> TestSocket { try TestSocket(.port(port)) }
}
