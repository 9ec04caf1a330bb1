import Logging
import RevokedServer
import Testing

@testable import Revocation

/// What revocations can be kept in, and must be kept alike.
enum StoreKind: CaseIterable, Sendable {
    case memory, daemon, redis

    /// Runs `body` while there is an initialised store of this kind.
    func run<Result: Sendable>(_ body: (_ url: String) async throws -> Result) async throws -> Result {
        switch self {
        case .memory: return try await body("memory:")
        case .daemon: return try await withDaemon(ServerConfiguration(), body)
        case .redis:
            let server = try await RedisServer()
            let administration = try StoreAdministration(server.url)
            _ = try await administration.initialise()
            await administration.close()
            return try await body(server.url)
        }
    }
}

/// Gives a stock server its epoch: nothing is acknowledged by one without.
func initialise(_ url: String, _ configuration: RevocationConfiguration = liveConfiguration()) async throws {
    let administration = try StoreAdministration(url, configuration: configuration, logger: LogLines().logger)
    _ = try await administration.initialise()
    await administration.close()
}

/// Runs `body` while a daemon listens on loopback: on a free port, unless the settings name one.
func withDaemon<Result: Sendable>(
    _ settings: ServerConfiguration = ServerConfiguration(), _ body: (_ url: String) async throws -> Result
) async throws -> Result {
    var settings = settings
    if settings.port == ServerConfiguration().port { settings.port = 0 }
    settings.threads = 1
    let server = RevokedServer(settings, logger: LogLines().logger)
    guard case .tcp(_, let port) = try await server.start().first else {
        throw Unexpected(what: "the daemon listens on no port")
    }
    let housekeeping = Task { await server.waitForShutdown() }
    defer { housekeeping.cancel() }
    do {
        let result = try await body("redis://127.0.0.1:\(port)")
        await server.stop()
        return result
    } catch {
        await server.stop()
        throw error
    }
}

/// A state of a store with which a test cannot continue.
struct Unexpected: Error {
    let what: String
}

extension StoreURL {
    /// The address of one server.
    var location: Location {
        get throws {
            guard case .server(let location, _) = self else { throw Unexpected(what: "not one server") }
            return location
        }
    }
}

extension StoreAdministration {
    /// Gives a stock server that has none its epoch.
    func newEpoch() async throws -> String {
        guard case .written(let epoch) = try await initialise() else { throw Unexpected(what: "it has an epoch") }
        return epoch
    }
}
