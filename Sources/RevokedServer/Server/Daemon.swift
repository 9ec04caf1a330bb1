import Denylist
import Logging
import Persistence
import PrometheusMetrics
import Synchronization

/// What all connections share.
final class Daemon: Sendable {
    let configuration: ServerConfiguration
    let denylist: GuardedTable
    let memory: MemoryBudget
    let clock: ServerClock
    let credentials: Credentials
    let clients: ClientRegistry
    let counters = Counters()
    let notices = ClientNotices()
    /// Sampled by ``runPeriodic()``.
    let rates = Mutex(InstantaneousRates())
    let epoch = EpochFigures()
    /// Who the denylist is: what the daemon's own keys answer.
    let identity = Mutex<EpochRecord?>(nil)
    let epochStore = EpochStore()
    let processFigures = ProcessFigures()
    private let baseLogger: Logger
    /// May change while the daemon runs.
    let logLevel: Mutex<Logger.Level>
    let startedAt: Int64
    let runID = Daemon.randomHexadecimal(40)
    let prefixLength: Int
    let loading: Loading
    /// The TCP port that clients reach, once it is known.
    let port: Atomic<Int>
    private let ending = Mutex<(@Sendable () -> Void)?>(nil)
    /// What keeps the denylist on disk; set before anyone is served, nil if it lives in memory only.
    private let kept = Mutex<Persistence?>(nil)
    private let journalReaders: JournalReaders?
    private let logObservers = Mutex<[@Sendable () -> Void]>([])

    /// - Parameter journalReaders: who reads the journal besides the disk.
    init(
        _ configuration: ServerConfiguration, time: TimeSource, logger: Logger, keepsGuardedTime: Bool = true,
        journalReaders: [any JournalReader] = []
    ) {
        self.configuration = configuration
        self.journalReaders = JournalReaders(journalReaders)
        var store = Denylist.Configuration()
        store.maximumBytes = configuration.maximumMemory
        store.guardedPrefix = Array(configuration.guardedPrefix.utf8)
        denylist = GuardedTable(store)
        memory = MemoryBudget(denylist, reserve: configuration.guardedReserve)
        clock = ServerClock(
            time, resumes: configuration.directory != nil && configuration.isLogging, keepsGuardedTime: keepsGuardedTime
        )
        credentials = Credentials(configuration)
        clients = ClientRegistry(maximum: configuration.maximumClients)
        baseLogger = logger
        logLevel = Mutex(configuration.logLevel)
        startedAt = clock.uptime()
        prefixLength = configuration.guardedPrefix.utf8.count
        port = Atomic(configuration.port)
        loading = Loading(startedAt: clock.read(), isActive: configuration.directory != nil)
        // That of a data directory is found in it.
        if configuration.directory == nil { adopt(EpochRecord(), isNew: true) }
    }

    var logger: Logger {
        var logger = baseLogger
        logger.logLevel = logLevel.withLock { $0 }
        return logger
    }

    // MARK: Persistence

    var persistence: Persistence? { kept.withLock { $0 } }

    /// Where changes of the table are appended.
    var journal: Journal { Journal(disk: persistence?.log, readers: journalReaders) }

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
}
