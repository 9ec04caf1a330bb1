import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

/// `revoked serve --follow` as a process of its own, on a Unix socket.
final class FollowerUnderTest {
    let process: TestProcess
    let path: String
    private let http: String
    private let folder: TemporaryFolder

    init(
        of port: Int, _ arguments: [String] = [], environment: [String: String] = [:]
    ) throws {
        folder = try TemporaryFolder()
        path = folder.path + "/follower.sock"
        process = try TestProcess(
            try DaemonProcess.program(),
            ["serve", "--follow", "redis://127.0.0.1:\(port)", "--port", "0", "--unixsocket", path]
                + ["--http", "127.0.0.1:0"] + arguments, environment: environment)
        let line = try process.waitForLine(containing: "metrics on ")
        http = String(line.dropFirst("metrics on ".count).dropLast("/metrics".count))
        _ = try process.waitForLine(containing: "ready")
    }

    func connect() throws -> TestSocket { try TestSocket(.path(path)) }

    func get(_ path: String) async throws -> (status: UInt, body: String) {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: http + path), timeout: .seconds(20))
        return (response.status.code, String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// How many checks were answered here.
    func answered() async throws -> Int {
        let start = #"revoked_client_local_checks_total{answered="local"} "#
        let lines = try await get("/metrics").body.split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix(start) }), let count = Double(line.dropFirst(start.count))
        else { throw TestFailure("no count of checks") }
        return Int(count)
    }

    /// A follower that had to be waited for gets no lease for 10 s, or for 20.
    /// - Parameter socket: of a client that may read.
    func waitUntilItAnswers(_ socket: TestSocket) async throws {
        let before = try await answered()
        for _ in 0..<6_000 {
            _ = try socket.ask("GET revoked:jti:nobody")
            if try await answered() > before { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TestFailure("no check is answered here")
    }
}
