import Logging
import NIOCore
import NIOPosix

/// A server that speaks the Redis protocol. Checks and writes have connections of their own: replies come in order, and a
/// check must not wait for a write to reach the disk.
final class RedisBackend: Backend {
    private let checks: ConnectionPool
    private let writes: ConnectionPool
    private let address: StoreAddress
    private let knownDialect: StoreDialect?
    private let replicas: ReplicaRequirement?
    let executor: (any TaskExecutor)?

    /// - Parameter dialect: how to write, whatever the store says that it is.
    /// - Parameter examinationInterval: how often the store is examined again.
    init(
        address: StoreAddress, access: StoreURL.Access = .init(), encryption: StoreEncryption? = nil,
        configuration: RevocationConfiguration, logger: Logger, dialect: StoreDialect? = nil,
        examinationInterval: TimeAmount = .seconds(60)
    ) {
        let watch = StoreWatch(logger, address)
        self.address = address
        knownDialect = dialect
        replicas = configuration.replicas
        var options = StoreConnection.Options(
            address: address, access: access, encryption: encryption, configuration: configuration,
            examinationInterval: examinationInterval,
            report: { watch.see($0) })
        // With several loops each task is answered on its own, if it has one.
        let loops =
            configuration.eventLoops.map { Array($0.makeIterator()) } ?? [MultiThreadedEventLoopGroup.singleton.next()]
        executor = loops.count == 1 ? EventLoopTaskExecutor(loops[0]) : nil
        writes = ConnectionPool(loops.map { [options] in StoreConnection(loop: $0, options: options) })
        options.purpose = .check
        checks = ConnectionPool(loops.map { [options] in StoreConnection(loop: $0, options: options) })
    }

    /// One server.
    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if the files for TLS cannot be used.
    convenience init(
        _ location: StoreURL.Location, _ access: StoreURL.Access, configuration: RevocationConfiguration, logger: Logger
    ) throws(RevocationError) {
        self.init(
            address: .fixed(location), access: access, encryption: try StoreEncryption(access),
            configuration: configuration, logger: logger)
    }

    /// The primary that sentinels know by a name.
    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if the files for TLS cannot be used.
    convenience init(
        sentinels: [StoreURL.Location], name: String, _ access: StoreURL.Access,
        configuration: RevocationConfiguration, logger: Logger
    ) throws(RevocationError) {
        let encryption = try StoreEncryption(access)
        let watch = SentinelWatch(
            sentinels, name: name, encryption: encryption, bootClock: configuration.bootClock)
        self.init(
            address: .sentinels(watch), access: access, encryption: encryption, configuration: configuration,
            logger: logger)
    }

    deinit {
        address.close()
        checks.closeSoon()
        writes.closeSoon()
    }

    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?] {
        let replies = try await checks.connection().call([Command("MGET", keys)])
        return try (replies.first ?? .null).values(count: keys.count)
    }

    func checkConnection() -> StoreConnection? { checks.connection() }

    func directWrites() -> DirectWrites? {
        guard replicas == nil else { return nil }
        let connection = writes.connection()
        return connection.condition?.clock.map { DirectWrites(connection: connection, clock: $0) }
    }

    func timedLookUp(_ keys: [String]) async throws(StoreFailure) -> TimedValues {
        let replies = try await checks.connection().call(Command.timedLookUp(keys))
        return try TimedValues(replies[...], of: keys)
    }

    func claim(_ entry: RevocationEntry, thenLookUp keys: [String]) async throws(StoreFailure) -> Claim {
        let (connection, dialect) = try await destination()
        var replies = try await connection.call(dialect.claim(entry, .digest, thenLookUp: keys))
        if replies[0].isMissingScript {
            replies = try await connection.call(dialect.claim(entry, .text, thenLookUp: keys))
        }
        return try Claim(replies, of: keys)
    }

    @discardableResult
    func write(_ entries: [RevocationEntry]) async throws(StoreFailure) -> Int? {
        let (connection, dialect) = try await destination()
        var replies = try await connection.call(entries.map { dialect.write($0, .digest) } + wait(dialect))
        let missing = entries.indices.filter { replies[$0].isMissingScript }
        if !missing.isEmpty {
            let again = try await connection.call(missing.map { dialect.write(entries[$0], .text) } + wait(dialect))
            for (index, reply) in zip(missing, again) { replies[index] = reply }
            if replies.count > entries.count, let last = again.last { replies[entries.count] = last }
        }
        for reply in replies.prefix(entries.count) where reply != .ok { throw StoreFailure(unexpected: reply) }
        guard replicas != nil else { return nil }
        // Our daemon has no replicas.
        guard replies.count > entries.count else { return 0 }
        guard case .integer(let count) = replies[entries.count] else {
            throw StoreFailure(unexpected: replies[entries.count])
        }
        return Int(clamping: count)
    }

    /// Lets the store answer only when the replicas have what this connection wrote, or the time is up.
    private func wait(_ dialect: StoreDialect) -> [Command] {
        guard let replicas, case .stock = dialect else { return [] }
        return [Command("WAIT", String(replicas.count), String(replicas.timeout.milliseconds))]
    }

    func remove(_ keys: [String]) async throws(StoreFailure) -> [RemovedEntry?] {
        let replies = try await send(
            keys.flatMap { RemovedEntry.commands($0) })
        var removed: [RemovedEntry?] = []
        for index in stride(from: 0, to: replies.count, by: 3) {
            removed.append(try RemovedEntry(replies[index..<index + 3]))
        }
        return removed
    }

    /// A connection for writes, and how its own store is to be written to: another connection's may be another server.
    private func destination() async throws(StoreFailure) -> (StoreConnection, StoreDialect) {
        let connection = writes.connection()
        if let knownDialect { return (connection, knownDialect) }
        return (connection, try await connection.examined().dialect)
    }

    func dialect() async throws(StoreFailure) -> StoreDialect { try await destination().1 }

    /// What is true of the store at the end of each connection: it need not be the same for all of them.
    func condition() async throws(StoreFailure) -> StoreCondition {
        if let condition = StoreCondition.joining(checks.conditions + writes.conditions) { return condition }
        return try await writes.connection().examined()
    }

    func clock() async throws(StoreFailure) -> StoreClock {
        guard let clock = try await writes.connection().examined().clock else { throw .clockUnknown }
        return clock
    }

    /// Sends commands on the connection for writes.
    func send(_ commands: [Command]) async throws(StoreFailure) -> [Reply] {
        try await writes.connection().call(commands)
    }

    func close() async {
        address.close()
        await checks.close()
        await writes.close()
    }
}
