public import Denylist
import Dispatch
import Synchronization

/// Keeps a denylist on disk: reads it at the start, logs every write, rewrites the log, and copes with the disk.
///
/// ```swift
/// let persistence = try Persistence(configuration, denylist, moment: clock.now, onProgress: wakeReactors, notify: log)
/// let report = try persistence.recover { done, total in … }     // meanwhile, data commands answer -LOADING
/// try persistence.begin(renewEpoch: …)                          // from now on, writes append to persistence.log
/// persistence.end()                                             // after the last write was answered
/// ```
public final class Persistence: Sendable {
    /// What writes append to.
    public let log: AppendLog
    let denylist: Denylist
    let moment: @Sendable () -> Moment
    let data: DataDirectory
    let notify: @Sendable (PersistenceNotice) -> Void
    let settings: Mutex<PersistenceConfiguration>
    /// Locked for as long as a log or a snapshot is being written.
    let directory = Mutex<LogDirectory?>(nil)
    let figures = Mutex(Figures())
    /// Locked while it is decided whether the directory bears the mark of doubt: policy, log and mark change together.
    let doubting = Mutex(())
    let saver = Saver()
    let clockTrace: ClockTrace
    private let threadCount = Mutex(0)
    private let threadHasEnded = DispatchSemaphore(value: 0)
    private let recovered = Mutex<Recovered?>(nil)

    struct Figures {
        var isRewriting = false
        var isSaving = false
        var lastRewriteFailed = false
        var lastSaveFailed = false
        var lastSave: Int64 = 0
        var rewrites = 0
        var saves = 0
        var sizeAfterRewrite = 0
        /// No rewrite of its own accord before.
        var rewritesAgain = ContinuousClock.now
    }

    private struct Recovered {
        var report: RecoveryReport
        var manifest: Manifest?
        var last: (name: String, chain: SealChain)?
        var baseSize = 0
        var incrementsSize = 0
    }

    /// Makes the data directory if need be, and locks it; without a log, as soon as something is to be written there.
    /// - Parameters:
    ///   - moment: the daemon's clocks.
    ///   - onProgress: called on any thread, often, when ``AppendLog/acknowledged`` or its state has changed.
    ///     Locks are held then: it may wake whoever waits, and must not call persistence.
    ///   - notify: takes what belongs into the daemon's log.
    public convenience init(
        _ configuration: PersistenceConfiguration, _ denylist: Denylist, moment: @escaping @Sendable () -> Moment,
        onProgress: @escaping @Sendable () -> Void = {},
        notify: @escaping @Sendable (PersistenceNotice) -> Void = { _ in }
    ) throws(PersistenceError) {
        try self.init(
            configuration, denylist, files: SystemFiles(), moment: moment, onProgress: onProgress, notify: notify)
    }

    init(
        _ configuration: PersistenceConfiguration, _ denylist: Denylist, files: any FileSystem,
        moment: @escaping @Sendable () -> Moment, onProgress: @escaping @Sendable () -> Void = {},
        notify: @escaping @Sendable (PersistenceNotice) -> Void = { _ in }
    ) throws(PersistenceError) {
        settings = Mutex(configuration)
        data = DataDirectory(configuration.directory, files)
        clockTrace = ClockTrace(data)
        // Without a log nothing may ever be read or written there.
        if configuration.isLogging { try data.open() }
        log = AppendLog(policy: configuration.policy, onProgress: onProgress)
        self.denylist = denylist
        self.moment = moment
        self.notify = notify
        figures.withLock { $0.lastSave = moment().wall / 1000 }
    }

    // MARK: The start

    /// Fills the denylist, which is empty, from the data directory.
    /// - Parameter progress: takes the bytes done so far, and those of all files.
    public func recover(
        progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(PersistenceError) -> RecoveryReport {
        let settings = settings.withLock { $0 }
        guard settings.isLogging else { return RecoveryReport() }
        let now = moment().wall
        var recovery = Recovery(
            data, ReadSettings(now: now, skipsUnsupported: settings.skipsUnsupported),
            sink: TableSink(denylist, now: now), progress: progress)
        let manifest = try recovery.run()
        var report = recovery.report
        report.expired = recovery.sink.expired
        for cut in report.cuts {
            notify(
                .warning(
                    "cut \(cut.bytes) bytes off \(cut.file) at byte \(cut.offset), a write that a crash interrupted: "
                        + cut.reason))
        }
        if report.unsealedBytes > 0 {
            notify(.info("kept \(report.unsealedBytes) bytes of complete records after the last checksum of the log"))
        }
        let found = Recovered(
            report: report, manifest: manifest, last: recovery.last.map { ($0.name, $0.chain) },
            baseSize: recovery.baseSize, incrementsSize: recovery.incrementsSize)
        recovered.withLock { $0 = found }
        return report
    }

    /// Begins to log, after ``recover(progress:)``, and starts the threads that do it. Without a log (`appendonly no`)
    /// only leaves word in the directory that a log in it misses what is written now.
    /// - Parameter renewEpoch: gives the denylist a new epoch, appending to ``log`` as any other write. It is called if the
    ///   denylist is new, or cannot prove that nothing acknowledged is missing.
    public func begin(renewEpoch: () -> Void, inBackground: Bool = true) throws(PersistenceError) {
        do throws(FileError) {
            let found = recovered.withLock { $0.take() }
            if let found { try beginLog(found, renewEpoch) } else { try beginWithoutLog(renewEpoch) }
        } catch {
            throw PersistenceError(error)
        }
        if inBackground { try startThreads() }
    }

    private func beginWithoutLog(_ renewEpoch: () -> Void) throws(FileError) {
        renewEpoch()
        guard try data.files.exists(data.path(Manifest.directoryName)) else { return }
        try data.acquire()
        try data.leaveDoubt("the daemon ran without a log")
    }

    private func beginLog(_ found: Recovered, _ renewEpoch: () -> Void) throws(FileError) {
        let policy = settings.withLock { $0.policy }
        // Before anything is acknowledged that is not on disk.
        if policy != .always { try data.leaveDoubt(Self.doubt(policy)) }
        var directory = try LogDirectory(data.files, in: data.path, manifest: found.manifest)
        let needsEpoch = found.report.source == .nothing || found.report.doubt != nil
        if found.manifest == nil {
            // The new log's base holds the epoch.
            renewEpoch()
            try rewrite().renew(&directory)
        } else {
            directory.sweep()
            try resume(found, &directory)
            if needsEpoch { renewEpoch() }
        }
        if needsEpoch, policy == .always {
            try log.flush()
            try data.endDoubt()
        }
        figures.withLock { $0.sizeAfterRewrite = log.size }
        self.directory.withLock { $0 = directory }
    }

    private func resume(_ found: Recovered, _ directory: inout LogDirectory) throws(FileError) {
        if let last = found.last {
            let path = directory.finalPath(last.name)
            let file = LogFile(continuing: try data.files.append(to: path), path: path, chain: last.chain)
            let earlier = found.incrementsSize - last.chain.end
            log.begin(with: file, earlierSize: earlier, baseSize: found.baseSize)
        } else {
            let current = directory.manifest?.files ?? []
            let (increment, file) = try directory.createIncrement()
            try directory.publish(current + [increment])
            log.begin(with: file, earlierSize: found.incrementsSize, baseSize: found.baseSize)
        }
    }

    static func doubt(_ policy: SyncPolicy) -> String {
        "the daemon did not end in order, and appendfsync \(policy.rawValue) acknowledges what is not on disk yet"
    }

    // MARK: The end

    /// Writes everything that was appended, durably, and stops. No write may be executed any more.
    public func end() {
        saver.end()
        clockTrace.end()
        log.wake()
        for _ in 0..<threadCount.withLock({ $0 }) { threadHasEnded.wait() }
        threadCount.withLock { $0 = 0 }
        defer { data.release() }
        guard log.state == .running else { return }
        do throws(FileError) {
            try log.flush()
            log.seal(.stop)
            try data.endDoubt()
        } catch {
            notify(.error("the log could not be ended in order: \(error)"))
        }
    }

    private func startThreads() throws(PersistenceError) {
        try BackgroundThread.start { [log, saver, threadHasEnded] in
            log.run(until: { saver.isEnding })
            threadHasEnded.signal()
        }
        threadCount.withLock { $0 += 1 }
        try BackgroundThread.start(isPatient: true) { [self] in
            saver.run(self)
            threadHasEnded.signal()
        }
        threadCount.withLock { $0 += 1 }
        try BackgroundThread.start { [clockTrace, threadHasEnded] in
            clockTrace.run()
            threadHasEnded.signal()
        }
        threadCount.withLock { $0 += 1 }
    }

    // MARK: Settings at run time

    public var policy: SyncPolicy { settings.withLock { $0.policy } }

    /// `CONFIG SET appendfsync`. Waits for the disk: not to be called by a thread that serves clients.
    public func setPolicy(_ policy: SyncPolicy) throws(PersistenceError) {
        do throws(FileError) {
            try doubting.withLock { _ throws(FileError) in try change(policy) }
        } catch {
            throw PersistenceError(error)
        }
    }

    private func change(_ policy: SyncPolicy) throws(FileError) {
        if policy != .always { try data.leaveDoubt(Self.doubt(policy)) }
        settings.withLock { $0.policy = policy }
        log.update { $0.policy = policy }
        guard policy == .always, log.state == .running else { return log.wake() }
        try log.flush()
        try data.endDoubt()
    }

    /// `CONFIG SET auto-aof-rewrite-percentage` and `-min-size`.
    public func setRewriting(percentage: Int? = nil, minimum: Int? = nil) {
        settings.withLock { settings in
            if let percentage { settings.rewritePercentage = percentage }
            if let minimum { settings.rewriteMinimum = minimum }
        }
    }

    public var configuration: PersistenceConfiguration { settings.withLock { $0 } }
}
