import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A server that speaks the Redis protocol. Checks and writes have connections of their own: replies come in order, and a
/// check must not wait for a write to reach the disk.
final class RedisBackend: Backend {
    private let checks: ConnectionPool
    private let writes: ConnectionPool
    private let watch: StoreWatch

    /// - Parameter loopCount: event loops with a pair of connections each.
    /// - Parameter examinationInterval: how often the store is examined again.
    init(
        location: StoreURL.Location, credentials: StoreURL.Credentials?, configuration: RevocationConfiguration,
        logger: Logger, loopCount: Int = 1, examinationInterval: TimeAmount = .seconds(60)
    ) {
        let watch = StoreWatch(logger, location)
        self.watch = watch
        let options = StoreConnection.Options(
            location: location, credentials: credentials, connectTimeout: TimeAmount(configuration.connectTimeout),
            commandTimeout: TimeAmount(configuration.commandTimeout),
            acceptedEvictionPolicies: configuration.acceptedEvictionPolicies,
            acceptsReplica: configuration.acceptsReplica, wallClock: configuration.wallClock,
            examinationInterval: examinationInterval,
            report: { watch.see($0) })
        let loops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator().prefix(loopCount))
        checks = ConnectionPool(loops.map { StoreConnection(loop: $0, options: options) })
        writes = ConnectionPool(loops.map { StoreConnection(loop: $0, options: options) })
    }

    deinit {
        checks.closeSoon()
        writes.closeSoon()
    }

    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?] {
        let replies = try await checks.connection().call([Command("MGET", keys)])
        guard let reply = replies.first, case .array(let elements) = reply else {
            throw StoreFailure(unexpected: replies.first ?? .null)
        }
        guard elements.count == keys.count else { throw .unexpectedReply }
        var values: [[UInt8]?] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            switch element {
            case .bulk(let value): values.append(value)
            case .null: values.append(nil)
            case .array, .error, .integer, .status: throw StoreFailure(unexpected: element)
            }
        }
        return values
    }

    func write(_ entries: [RevocationEntry]) async throws(StoreFailure) {
        let commands = entries.map { Command("SETEX", $0.key, String($0.secondsToLive), $0.value) }
        for reply in try await send(commands) where reply != .ok { throw StoreFailure(unexpected: reply) }
    }

    func condition() async throws(StoreFailure) -> StoreCondition {
        if let condition = watch.condition { return condition }
        // Whatever is asked, the connection examines the store first.
        _ = try await send([Command("TIME")])
        return watch.condition ?? StoreCondition()
    }

    /// Sends commands on the connection for writes.
    func send(_ commands: [Command]) async throws(StoreFailure) -> [Reply] {
        try await writes.connection().call(commands)
    }

    func close() async {
        await checks.close()
        await writes.close()
    }
}

/// Connections for one purpose, one for each event loop in use.
final class ConnectionPool: Sendable {
    private let connections: [StoreConnection]
    private let turn = Atomic(0)

    init(_ connections: [StoreConnection]) {
        precondition(!connections.isEmpty, "a pool has at least one connection")
        self.connections = connections
    }

    /// The connection of the caller's own event loop, if it has one; otherwise the next in turn.
    func connection() -> StoreConnection {
        guard connections.count > 1 else { return connections[0] }
        if let own = connections.first(where: { $0.loop.inEventLoop }) { return own }
        let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return connections[Int(UInt(bitPattern: turn) % UInt(connections.count))]
    }

    func closeSoon() {
        for connection in connections { _ = connection.close() }
    }

    func close() async {
        for connection in connections { try? await connection.close().get() }
    }
}
