import Denylist
import Logging
import Persistence
import PrometheusMetrics
import Synchronization
import TLS

/// What all connections share.
final class Daemon: Sendable {
    let configuration: ServerConfiguration
    let denylist: GuardedTable
    let memory: MemoryBudget
    let clock: ServerClock
    let users: UserTable
    let loadRequests = Mutex(LoadRequests())
    /// Held while a change is made that may open the daemon (``changeExposure(_:)``).
    let exposure = Mutex<Void>(())
    let denialLog: DenialLog
    let clients: ClientRegistry
    let channels: ChannelRegistry
    let mail: MailTotals
    let conditions = ServingConditions()
    let pause: ClientPause
    let monitors: Monitors
    let tracking: ClientTracking
    let replicas: Replicas
    let subscriberLimit: Mutex<SubscriberLimit>
    let gate = ExclusiveGate()
    let counters = Counters()
    let slowLog: SlowLog
    /// What `INFO` shows.
    let peakMemory = Atomic(0)
    let latencies = CommandLatencies()
    let subcommands = SubcommandFigures()
    let notices = ClientNotices()
    /// Sampled by ``runPeriodic()``.
    let rates = Mutex(InstantaneousRates())
    let epoch = EpochFigures()
    /// Who the denylist is: what the daemon's own keys answer.
    let identity = Mutex<EpochRecord?>(nil)
    let epochStore = EpochStore()
    let processFigures = ProcessFigures()
    /// The names that `CONFIG SET` was given.
    let changedSettings = Mutex<Set<String>>([])
    private let baseLogger: Logger
    /// May change while the daemon runs.
    let logLevel: Mutex<Logger.Level>
    let startedAt: Int64
    let runID = Daemon.randomHexadecimal(40)
    let prefixLength: Int
    let loading: Loading
    /// The TCP port that clients reach, once it is known; 0 for none.
    let port: Atomic<Int>
    /// The same for TLS.
    let tlsPort: Atomic<Int>
    private let certificate = Mutex<ServerTLS?>(nil)
    private let ending = Mutex<(@Sendable () -> Void)?>(nil)
    /// What keeps the denylist on disk; set before anyone is served, nil if it lives in memory only.
    private let kept = Mutex<Persistence?>(nil)
    private let journalReaders: JournalReaders?
    /// When the data directory was taken: whoever had it before has ended.
    let directoryTakenAt = Atomic<Int64>(0)
    private let logObservers = Mutex<[@Sendable () -> Void]>([])
    private let imported = Mutex<Importer?>(nil)

    /// - Parameters:
    ///   - importSource: whose keys are imported; nil for none.
    ///   - journalReaders: who reads the journal besides the disk.
    init(
        _ configuration: ServerConfiguration, time: TimeSource, logger: Logger, keepsGuardedTime: Bool = true,
        importSource: ImportSource? = nil, journalReaders: [any JournalReader] = []
    ) {
        self.configuration = configuration
        self.journalReaders = JournalReaders(journalReaders)
        var store = Denylist.Configuration()
        store.maximumBytes = configuration.maximumMemory
        store.guardedPrefix = Array(configuration.guardedPrefix.utf8)
        channels = ChannelRegistry()
        denylist = GuardedTable(store, KeyObservers(channels))
        denylist.observers.notified = configuration.notifiedEvents
        memory = MemoryBudget(denylist, reserve: configuration.guardedReserve)
        clock = ServerClock(
            time, resumes: configuration.directory != nil && configuration.isLogging, keepsGuardedTime: keepsGuardedTime
        )
        mail = MailTotals { [clock] in clock.uptime() }
        replicas = Replicas(configuration, clock)
        users = UserTable(configuration)
        denialLog = DenialLog(maximum: configuration.denialLogLength)
        slowLog = SlowLog(slowerThan: configuration.slowLogThreshold, maximum: configuration.slowLogLength)
        clients = ClientRegistry(maximum: configuration.maximumClients, idleTimeout: configuration.idleTimeout)
        subscriberLimit = Mutex(configuration.subscriberLimit)
        pause = ClientPause(conditions)
        monitors = Monitors(conditions, guardedPrefix: store.guardedPrefix)
        tracking = ClientTracking(
            clients, users, denylist.observers, maximumKeys: configuration.maximumTrackedKeys
        ) { [memory] in memory.subscriptionLimit }
        denylist.observers.inform(tracking)
        baseLogger = logger
        logLevel = Mutex(configuration.logLevel)
        startedAt = clock.uptime()
        prefixLength = configuration.guardedPrefix.utf8.count
        port = Atomic(configuration.port)
        tlsPort = Atomic(configuration.tlsPort ?? 0)
        loading = Loading(
            startedAt: clock.read(), isActive: configuration.directory != nil, imports: importSource != nil, conditions)
        // That of a data directory is found in it.
        if configuration.directory == nil { adopt(EpochRecord(), isNew: true) }
        if let importSource { imported.withLock { $0 = Importer(self, importSource) } }
    }

    /// Copies another server's keys; nil if none does.
    var importer: Importer? { imported.withLock { $0 } }

    var logger: Logger {
        var logger = baseLogger
        logger.logLevel = logLevel.withLock { $0 }
        return logger
    }

    // MARK: TLS

    /// The certificate of the TLS port; nil without such a port.
    var tls: ServerTLS? { certificate.withLock { $0 } }

    /// Reads the certificate of the TLS port, if there is one.
    func loadCertificate() throws(ServerError) {
        guard configuration.needsCertificate else { return }
        var settings = configuration.tls
        // The HTTP port asks no client for a certificate.
        if configuration.tlsPort == nil { settings.clientCertificates = .no }
        do throws(TLSError) {
            let tls = try ServerTLS(settings, logger: logger)
            certificate.withLock { $0 = tls }
        } catch { throw ServerError(.cannotListen, "cannot serve TLS: \(error)") }
    }

    // MARK: Persistence

    var persistence: Persistence? { kept.withLock { $0 } }

    /// Where changes of the table are appended.
    var journal: Journal { Journal(disk: persistence?.log, readers: journalReaders) }

    func keep(by persistence: Persistence) { kept.withLock { $0 = persistence } }

    /// Adds someone who is told, on any thread, whenever the log has come further, or has failed.
    func observeLog(_ observer: @escaping @Sendable () -> Void) { logObservers.withLock { $0.append(observer) } }

    func logHasProgressed() {
        for observer in logObservers.withLock({ $0 }) { observer() }
        replicas.logHasProgressed()
    }

    // MARK: Ending

    /// What ends the daemon: set by whoever runs it.
    func onShutdown(_ action: @escaping @Sendable () -> Void) { ending.withLock { $0 = action } }
    func shutDown() { ending.withLock { $0 }?() }

    // MARK: Randomness

    static func randomHexadecimal(_ digits: Int) -> String {
        String((0..<digits).map { _ in "0123456789abcdef".randomElement()! })
    }
}
