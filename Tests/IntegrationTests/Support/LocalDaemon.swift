import Logging
import RevokedServer

/// Our daemon inside the test process.
final class LocalDaemon: Sendable {
    let server: RevokedServer
    let endpoints: [Endpoint]
    private let running: Task<Void, Never>

    private init(_ server: RevokedServer, _ endpoints: [Endpoint]) {
        self.server = server
        self.endpoints = endpoints
        running = Task { await server.waitForShutdown() }
    }

    /// Starts one on a free port and ends it after `body`.
    static func run<Result>(
        time: TimeSource = .system, _ configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (LocalDaemon) async throws -> Result
    ) async throws -> Result {
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.threads = 2
        configuration.logLevel = .critical
        configure(&configuration)
        let server = RevokedServer(configuration, time: time, logger: Logger(label: "revoked.test"))
        let daemon = LocalDaemon(server, try await server.start())
        try await server.recover()
        do {
            let result = try await body(daemon)
            await daemon.end()
            return result
        } catch {
            await daemon.end()
            throw error
        }
    }

    private func end() async {
        server.requestShutdown()
        await running.value
        await server.stop()
    }

    var port: Int {
        for case .tcp(_, let port) in endpoints { return port }
        return 0
    }

    func connect() throws -> TestSocket { try TestSocket(.port(port)) }
}
