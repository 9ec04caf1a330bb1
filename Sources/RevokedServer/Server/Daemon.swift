import Contract
import Denylist
import Logging
import Persistence
import PrometheusMetrics
import Synchronization

/// What all connections share.
final class Daemon: Sendable {
    let configuration: ServerConfiguration
    let denylist: Denylist
    let memory: MemoryBudget
    let clock: ServerClock
    let credentials: Credentials
    let clients: ClientRegistry
    let counters = Counters()
    let notices = ClientNotices()
    /// Sampled by ``Housekeeping``.
    let rates = Mutex(InstantaneousRates())
    let epoch = EpochFigures()
    let processFigures = ProcessFigures()
    private let baseLogger: Logger
    /// May change while the daemon runs.
    let logLevel: Mutex<Logger.Level>
    let startedAt: Int64
    let runID = Daemon.randomHexadecimal(40)
    let guardedPrefix: GuardedPrefix
    let prefixLength: Int
    let loading: Loading
    /// The TCP port that clients reach, once it is known.
    let port: Atomic<Int>
    private let ending = Mutex<(@Sendable () -> Void)?>(nil)
    /// What keeps the denylist on disk; set before anyone is served, nil if it lives in memory only.
    private let kept = Mutex<Persistence?>(nil)
    private let logObservers = Mutex<[@Sendable () -> Void]>([])

    init(_ configuration: ServerConfiguration, time: TimeSource, logger: Logger) {
        self.configuration = configuration
        var store = Denylist.Configuration()
        store.maximumBytes = configuration.maximumMemory
        store.guardedPrefix = Array(configuration.guardedPrefix.utf8)
        denylist = Denylist(store)
        memory = MemoryBudget(denylist, reserve: configuration.guardedReserve)
        clock = ServerClock(time)
        credentials = Credentials(configuration)
        clients = ClientRegistry(maximum: configuration.maximumClients)
        baseLogger = logger
        logLevel = Mutex(configuration.logLevel)
        startedAt = clock.uptime()
        guardedPrefix = GuardedPrefix(Array(configuration.guardedPrefix.utf8))
        prefixLength = configuration.guardedPrefix.utf8.count
        port = Atomic(configuration.port)
        loading = Loading(startedAt: clock.now().wall, isActive: configuration.directory != nil)
        // That of a data directory is found in it.
        if configuration.directory == nil { denylist.lockAll { renewEpoch($0) } }
    }

    var logger: Logger {
        var logger = baseLogger
        logger.logLevel = logLevel.withLock { $0 }
        return logger
    }

    // MARK: The epoch

    /// Gives the denylist a new identity: it cannot prove any more that nothing acknowledged is missing.
    func renewEpoch(_ locked: borrowing Denylist.Locked) {
        let value = makeEpoch(locked)
        _ = persistence?.log.append(set: Epoch.key.utf8.span.bytes, value.span.bytes, expiry: Expiry.never)
    }

    /// - Returns: the new epoch.
    private func makeEpoch(_ locked: borrowing Denylist.Locked) -> [UInt8] {
        let value = Array(Self.randomUUID().utf8)
        let key = Array(Epoch.key.utf8)
        locked.update(key.span.bytes, hash: denylist.hash(of: key.span.bytes), at: clock.now()) {
            $0.store(value.span.bytes, expiry: Expiry.never)
        }
        epoch.renewed(at: clock.now().wall)
        return value
    }

    /// Forgets everything but the terms, and that it ever was the same list.
    /// - Returns: the position of the log that the answer waits for, 0 if for none.
    func flush() -> UInt64 {
        let position = denylist.lockAll { locked in
            let terms = value(of: .terms, locked)
            locked.removeAll()
            let epoch = makeEpoch(locked)
            if let terms { set(.terms, terms, locked) }
            return persistence?.log.append { group in
                group.removeAll()
                group.set(Epoch.key.utf8.span.bytes, epoch.span.bytes, expiry: Expiry.never)
                if let terms { group.set(Terms.key.utf8.span.bytes, terms.span.bytes, expiry: Expiry.never) }
            }
        }
        logger.warning("flushed: the denylist is empty and has a new epoch")
        return position ?? 0
    }

    private func value(of own: OwnKey, _ locked: borrowing Denylist.Locked) -> [UInt8]? {
        let key = Array(own.name.description.utf8)
        return locked.update(key.span.bytes, hash: denylist.hash(of: key.span.bytes), at: clock.now()) { entry in
            entry.exists ? entry.withValue { $0.withUnsafeBytes(Array.init) } : nil
        }
    }

    private func set(_ own: OwnKey, _ value: [UInt8], _ locked: borrowing Denylist.Locked) {
        let key = Array(own.name.description.utf8)
        locked.update(key.span.bytes, hash: denylist.hash(of: key.span.bytes), at: clock.now()) {
            $0.store(value.span.bytes, expiry: Expiry.never)
        }
    }

    // MARK: Persistence

    var persistence: Persistence? { kept.withLock { $0 } }

    func keep(by persistence: Persistence) { kept.withLock { $0 = persistence } }

    /// Adds someone who is told, on any thread, whenever the log has come further, or has failed.
    func observeLog(_ observer: @escaping @Sendable () -> Void) { logObservers.withLock { $0.append(observer) } }

    func logHasProgressed() { for observer in logObservers.withLock({ $0 }) { observer() } }

    // MARK: Ending

    /// What ends the daemon: set by whoever runs it.
    func onShutdown(_ action: @escaping @Sendable () -> Void) { ending.withLock { $0 = action } }
    func shutDown() { ending.withLock { $0 }?() }

    // MARK: Randomness

    private static func randomHexadecimal(_ digits: Int) -> String {
        String((0..<digits).map { _ in "0123456789abcdef".randomElement()! })
    }

    /// A version 4 UUID (RFC 9562 §5.4), in lower case.
    private static func randomUUID() -> String {
        let text = Array(randomHexadecimal(32))
        let variant = "89ab".randomElement()!
        return String(text[0..<8]) + "-" + String(text[8..<12]) + "-4" + String(text[13..<16]) + "-"
            + String(variant) + String(text[17..<20]) + "-" + String(text[20..<32])
    }
}
