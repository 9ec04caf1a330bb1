import Logging
import NIOCore
import NIOPosix

/// A server that speaks the Redis protocol. Checks and writes have connections of their own: replies come in order, and
/// a check must not wait for a write to reach the disk.
final class RedisBackend: Backend {
    private let checks: ConnectionPool
    private let writes: ConnectionPool
    private let address: StoreAddress
    private let knownDialect: StoreDialect?
    private let replicas: ReplicaRequirement?
    let executor: (any TaskExecutor)?
    let encryption: StoreEncryption?

    /// - Parameter dialect: how to write, whatever `INFO` says.
    /// - Parameter examinationInterval: how often the store is examined again.
    init(
        address: StoreAddress, access: StoreURL.Access = .init(), encryption: StoreEncryption? = nil,
        configuration: RevocationConfiguration, logger: Logger, dialect: StoreDialect? = nil,
        examinationInterval: TimeAmount = .seconds(60)
    ) {
        let watch = StoreMonitor(logger, address)
        self.address = address
        self.encryption = encryption
        knownDialect = dialect
        replicas = configuration.replicas
        var connections = StoreConnection.Configuration(
            address: address, access: access, encryption: encryption, configuration: configuration,
            examinationInterval: examinationInterval,
            report: { watch.see($0) })
        // With several loops a task is answered on its own loop, if it has one.
        let loops =
            configuration.eventLoops.map { Array($0.makeIterator()) } ?? [MultiThreadedEventLoopGroup.singleton.next()]
        executor = loops.count == 1 ? EventLoopTaskExecutor(loops[0]) : nil
        writes = ConnectionPool(
            loops.map { [connections] in StoreConnection(loop: $0, configuration: connections, isWitnessed: true) })
        connections.purpose = .check
        checks = ConnectionPool(loops.map { [connections] in StoreConnection(loop: $0, configuration: connections) })
    }

    /// One server.
    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if the files for TLS cannot be used.
    convenience init(
        _ location: StoreURL.Location, _ access: StoreURL.Access, configuration: RevocationConfiguration, logger: Logger
    ) throws(RevocationError) {
        self.init(
            address: .fixed(location), access: access, encryption: try StoreEncryption(access, logger: logger),
            configuration: configuration, logger: logger)
    }

    /// The primary that sentinels know by a name.
    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if the files for TLS cannot be used.
    convenience init(
        sentinels: [StoreURL.Location], name: String, _ access: StoreURL.Access,
        configuration: RevocationConfiguration, logger: Logger
    ) throws(RevocationError) {
        let encryption = try StoreEncryption(access, logger: logger)
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

    func connectionForChecks() -> StoreConnection? { checks.connection() }

    func check(_ keys: [String]) async throws(StoreFailure) -> (values: [[UInt8]?], clock: StoreClock?) {
        let connection = checks.connection()
        let replies = try await connection.call([Command("MGET", keys)])
        return (try (replies.first ?? .null).values(count: keys.count), connection.status?.clock)
    }

    func directWrites() -> DirectWrites? {
        guard replicas == nil else { return nil }
        let connection = writes.connection()
        guard let status = connection.status, let clock = status.clock else { return nil }
        return DirectWrites(connection: connection, clock: clock, longestToLive: status.longestToLive)
    }

    func timedLookUp(_ keys: [String]) async throws(StoreFailure) -> TimedValues {
        let replies = try await checks.connection().call(Command.timedLookUp(keys))
        return try TimedValues(replies[...], of: keys)
    }

    func claim(_ entry: RevocationEntry, thenLookUp keys: [String]) async throws(StoreFailure) -> Witnessed<Claim> {
        let (connection, dialect) = try await destination()
        var replies = try await connection.witnessedCall(dialect.claim(entry, .digest, thenLookUp: keys))
        if try replies.unproven({ $0[0].isMissingScript }) {
            replies = try await connection.witnessedCall(dialect.claim(entry, .text, thenLookUp: keys))
        }
        return try replies.map { (replies) throws(StoreFailure) in try Claim(replies, of: keys) }
    }

    func write(
        _ entries: [RevocationEntry], under terms: [UInt8]?, receipt: Bool
    ) async throws(StoreFailure) -> Witnessed<Written> {
        let (connection, dialect) = try await destination()
        // `WAIT` or the receipt: no store has both.
        let tail = dialect == .daemon && receipt ? [Receipt.command] : wait(dialect)
        var written = try await connection.witnessedCall(entries.map { dialect.write($0, .digest) } + tail)
        let missing = try written.unproven { replies in entries.indices.filter { replies[$0].isMissingScript } }
        if !missing.isEmpty {
            let again = try await connection.witnessedCall(
                missing.map { dialect.write(entries[$0], .text) } + tail)
            written = try written.joined(again) { replies, again in
                var replies = replies
                for (index, reply) in zip(missing, again) { replies[index] = reply }
                if replies.count > entries.count, let last = again.last { replies[entries.count] = last }
                return replies
            }
        }
        return try written.map { (replies) throws(StoreFailure) in
            try Written(replies, entries.count, waits: replicas != nil, dialect)
        }
    }

    /// `WAIT`, which the store answers when enough replicas have this connection's writes, or when the time is up.
    private func wait(_ dialect: StoreDialect) -> [Command] {
        guard let replicas, case .stock = dialect else { return [] }
        return [Command("WAIT", String(replicas.count), String(replicas.timeout.milliseconds))]
    }

    func remove(_ keys: [String]) async throws(StoreFailure) -> Witnessed<[RemovedEntry?]> {
        let replies = try await send(keys.flatMap { RemovedEntry.commands($0) })
        return try replies.map { (replies) throws(StoreFailure) in
            var removed: [RemovedEntry?] = []
            for index in stride(from: 0, to: replies.count, by: 3) {
                removed.append(try RemovedEntry(replies[index..<index + 3]))
            }
            return removed
        }
    }

    func write(terms: [UInt8], over held: [UInt8]?) async throws(StoreFailure) -> Witness {
        let replies = try await send([try await dialect().write(terms: terms, over: held), Witness.command])
        // The witness behind the write decides, not its reply.
        return try replies.unproven { (replies) throws(StoreFailure) in
            guard replies[0] == .ok || replies[0] == .null else { throw StoreFailure(unexpected: replies[0]) }
            return try Witness(replies[1])
        }
    }

    func exchange(
        _ key: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64
    ) async throws(StoreFailure) -> Bool {
        let command = try await dialect().exchange(key, held, for: new, secondsToLive: secondsToLive)
        return try await send([command]).unproven { (replies) throws(StoreFailure) in try replies[0].isExchanged }
    }

    func witnessOfWrites() async throws(StoreFailure) -> Witness? {
        guard writes.isInUse else { return nil }
        return try await send([Witness.command]).unproven { (replies) throws(StoreFailure) in try Witness(replies[0]) }
    }

    /// A connection for writes with the dialect of its store. Another connection may lead to another server.
    private func destination() async throws(StoreFailure) -> (StoreConnection, StoreDialect) {
        let connection = writes.connection()
        if let knownDialect { return (connection, knownDialect) }
        return (connection, try await connection.examined().dialect)
    }

    func dialect() async throws(StoreFailure) -> StoreDialect { try await destination().1 }

    /// The joined status of all connections: each may lead to another server.
    func status() async throws(StoreFailure) -> StoreStatus {
        if let status = StoreStatus.joining(checks.statuses + writes.statuses) { return status }
        return try await checks.connection().examined()
    }

    /// What the connections for checks know of their store; nil before they have one, or while there is none.
    var statusOfChecks: StoreStatus? { StoreStatus.joining(checks.statuses) }

    func clock() async throws(StoreFailure) -> StoreClock {
        guard let clock = try await writes.connection().examined().clock else { throw .clockUnknown }
        return clock
    }

    /// Sends commands on the connection for writes.
    func send(_ commands: [Command]) async throws(StoreFailure) -> Witnessed<[Reply]> {
        return try await writes.connection().witnessedCall(commands)
    }

    func close() async {
        address.close()
        await checks.close()
        await writes.close()
    }
}
