package import Denylist
import Dispatch
import Synchronization
import Threads

/// Keeps a denylist on disk: reads it at the start, logs each write, rewrites the log, and handles failures of the
/// disk.
///
/// ```swift
/// let persistence = try Persistence(configuration, denylist, moment: clock.now, onProgress: wakeReactors, notify: log)
/// let report = try persistence.recover { done, total in … }     // meanwhile, data commands answer -LOADING
/// let epoch = try persistence.begin()                           // from now on, writes append to persistence.log
/// persistence.end()                                             // after the last write was answered
/// ```
package final class Persistence: Sendable {
    /// Takes the record of each write.
    package let log: AppendLog
    let denylist: Denylist
    let moment: @Sendable () -> ClockReading
    let data: DataDirectory
    let notify: @Sendable (PersistenceNotice) -> Void
    let settings: Mutex<PersistenceConfiguration>
    /// Locked while a log or a snapshot is being written.
    let directory = Mutex<LogDirectory?>(nil)
    let figures = Mutex(Figures())
    /// Locked while the policy, the use of a log, or the mark of an unclean end changes. They change together.
    let commitment = Mutex(Commitment.recovering)
    let epochFile: EpochFile
    let saver = BackgroundJobs()
    /// nil if clocks are not kept.
    let clockFile: ClockFile?
    private let clock: (any DaemonClock)?
    private let threadCount = Mutex(0)
    private let threadHasEnded = DispatchSemaphore(value: 0)
    private let recovered = Mutex<Recovered?>(nil)
    /// The longest lease that was ever promised, on disk (``LeaseFile``). Written under the lock.
    let promised = Atomic<Int64>(0)
    let promising = Mutex<Void>(())

    enum Commitment {
        /// The data directory is being read: what is promised is not decided yet.
        case recovering
        case serving
        case ended
    }

    struct Figures {
        var isRewriting = false
        var isSaving = false
        var lastRewriteFailed = false
        var lastSaveFailed = false
        var lastSave: Int64 = 0
        var rewrites = 0
        var saves = 0
        /// The base's size, in bytes, with which the log's growth is compared.
        var baseSize = 0
        /// The earliest time of the next automatic rewrite.
        var rewritesAgain = ContinuousClock.now
        /// The times at which a failed log is retried.
        var retries = Backoff()
        /// Why no new log could be begun, as the operator was told: an `errno`.
        var obstacle: Int32?
    }

    /// The result of ``recover(progress:)``.
    struct Recovered {
        var report: RecoveryReport
        var manifest: Manifest?
        var last: (name: String, chain: SealChain)?
        var baseSize = 0
        var incrementsSize = 0
        /// The contents of the file `revoked.epoch`.
        var epoch: EpochFileContents?
        /// The daemon's own keys in the log.
        var own = OwnKeys()
        /// Where the log stands in its stretches; nil if it goes on in a new file.
        var stream: RecoveredStream?
        /// The process of the newest note in the log; 0 without one.
        var newestRun: UInt64 = 0
    }

    /// Makes the data directory if need be, and locks it. Without a log, both happen at the first write to it.
    /// - Parameters:
    ///   - moment: the daemon's clocks.
    ///   - clock: the same, to be kept on disk; nil if they need not survive.
    ///   - onProgress: called on any thread, often, when ``AppendLog/acknowledged`` or its state has changed. Locks are
    ///     held then: it may wake threads, and must not call persistence.
    ///   - notify: receives messages for the daemon's log.
    package convenience init(
        _ configuration: PersistenceConfiguration, _ denylist: Denylist, moment: @escaping @Sendable () -> ClockReading,
        clock: (any DaemonClock)? = nil, onProgress: @escaping @Sendable () -> Void = {},
        notify: @escaping @Sendable (PersistenceNotice) -> Void = { _ in }
    ) throws(PersistenceError) {
        try self.init(
            configuration, denylist, files: SystemFiles(), moment: moment, clock: clock, onProgress: onProgress,
            notify: notify)
    }

    init(
        _ configuration: PersistenceConfiguration, _ denylist: Denylist, files: any FileSystem,
        moment: @escaping @Sendable () -> ClockReading, clock: (any DaemonClock)? = nil,
        onProgress: @escaping @Sendable () -> Void = {},
        notify: @escaping @Sendable (PersistenceNotice) -> Void = { _ in }
    ) throws(PersistenceError) {
        settings = Mutex(configuration)
        data = DataDirectory(configuration.directory, files)
        epochFile = EpochFile(data)
        self.clock = clock
        clockFile = clock.map { [data] in ClockFile(data, $0) }
        // Without a log, the directory may never be used.
        if configuration.isLogging { try data.open() }
        log = AppendLog(
            policy: configuration.policy, epochFile: epochFile, onProgress: onProgress, notify: notify)
        self.denylist = denylist
        self.moment = moment
        self.notify = notify
        figures.withLock { $0.lastSave = moment().wall / 1000 }
    }

    // MARK: The start

    /// Fills the denylist, which is empty, from the data directory.
    /// - Parameter progress: receives the number of bytes done, and that of all files.
    package func recover(
        progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(PersistenceError) -> RecoveryReport {
        let settings = settings.withLock { $0 }
        guard settings.isLogging else { return RecoveryReport() }
        try readPromises()
        let epoch = try epochFile.read()
        var recovery = Recovery(
            data, ReadConfiguration(now: moment().wall, skipsUnsupported: settings.skipsUnsupported), epoch: epoch,
            sink: TableSink(denylist, at: moment()),
            resume: { [clock, moment] evidence in
                clock?.resume(after: evidence)
                return moment()
            }, progress: progress)
        let manifest = try recovery.run()
        var report = recovery.report
        report.expired = recovery.sink.expired
        report.foreignExpiries = recovery.sink.foreign
        report.strays = recovery.sink.finish(keepsExpired: recovery.stream?.before.isEmpty == false)
        for cut in report.cuts {
            notify(
                .warning(
                    "cut \(cut.bytes) bytes off \(cut.file) at byte \(cut.offset), a write that a crash interrupted: "
                        + cut.reason))
        }
        if report.strays > 0 {
            notify(
                .info("moved \(report.strays) keys to database 0: revocations and terms are kept in no other database"))
        }
        if report.unsealedBytes > 0 {
            notify(.info("kept \(report.unsealedBytes) bytes of complete records after the last checksum of the log"))
        }
        let found = Recovered(
            report: report, manifest: manifest, last: recovery.last.map { ($0.name, $0.chain) },
            baseSize: recovery.baseSize, incrementsSize: recovery.incrementsSize, epoch: epoch?.contents,
            own: recovery.sink.own,
            stream: recovery.stream, newestRun: recovery.newestRun)
        recovered.withLock { $0 = found }
        return report
    }

    /// Begins to log, after ``recover(progress:)``, and starts the threads. Without a log (`appendonly no`) it only
    /// marks the directory: a log in it lacks later writes.
    /// - Returns: the denylist's epoch, which is on disk, and whether it is new. It is new for a new denylist, and for
    ///   one that cannot prove that no acknowledged write is missing.
    package func begin(inBackground: Bool = true) throws(PersistenceError) -> (epoch: EpochRecord, isNew: Bool) {
        let found = recovered.withLock { $0.take() }
        let record: EpochRecord
        do throws(FileError) {
            record = try commitment.withLock { commitment throws(FileError) in
                let record = if let found { try beginLog(found) } else { try beginWithoutLog() }
                commitment = .serving
                return record
            }
        } catch {
            throw PersistenceError(error)
        }
        if !epochFile.noticesCopies { notify(.warning(Self.copiesGoUnnoticed)) }
        if inBackground {
            try startThreads()
            // The rewrite writes them as ours.
            if let found, found.report.source == .log, found.report.foreignExpiries > 0 { requestRewrite() }
        }
        let before = [found?.epoch?.record.epoch, found?.own.knownEpoch]
        return (record, !before.contains(record.epoch))
    }

    private func beginLog(_ found: Recovered) throws(FileError) -> EpochRecord {
        // Before a write or an answer relies on it.
        try clockFile?.begin(runs: found.report.clocks.runs(with: log.run))
        let policy = settings.withLock { $0.policy }
        // Before a write is acknowledged that is not on disk.
        let isNewlyMarked = policy == .always ? false : try data.markUnclean(Self.reason(policy))
        do throws(FileError) { return try openLog(found) } catch {
            // Nothing was acknowledged.
            if isNewlyMarked { try? data.clearUnclean() }
            throw error
        }
    }

    private func openLog(_ found: Recovered) throws(FileError) -> EpochRecord {
        data.sweep()
        var directory = try LogDirectory(in: data, manifest: found.manifest)
        let record = Self.epoch(of: found)
        if found.manifest == nil {
            try epochFile.begin(record, .new)
            try log.streamFile.forget()
            try rewrite().renew(&directory)
        } else {
            directory.sweep(isProven: found.epoch != nil && found.report.uncleanReason == nil)
            try resume(found, &directory)
            // Before anything is appended.
            try log.streamFile.begin(after: found.newestRun, log.streamContents)
            try goOn(record, found.epoch?.record)
            // Another server that reads the log must not take this denylist's identity.
            if found.own.areThere { for key in OwnKeys.all { log.append(remove: key.span.bytes) } }
            // Read again later, by other clocks, they could end earlier.
            // The same is true of keys that were moved: in the files they are in other databases still.
            if found.report.foreignExpiries > 0 && moment().lead > 0 || found.report.strays > 0 {
                try rewrite().compact(&directory)
            }
        }
        // Without room the mark stays, and is removed later.
        do throws(FileError) { try clearMarkIfComplete() } catch { guard error.isOutOfRoom else { throw error } }
        figures.withLock { $0.baseSize = log.baseSize }
        self.directory.withLock { $0 = directory }
        return record
    }

    private func resume(_ found: Recovered, _ directory: inout LogDirectory) throws(FileError) {
        if let last = found.last {
            let path = directory.finalPath(last.name)
            let output = try data.files.append(to: path)
            // Another process has written to it since it was read.
            guard output.size == last.chain.end else { throw .inUse(data.path) }
            let file = LogFile(continuing: output, path: path, chain: last.chain)
            let earlier = found.incrementsSize - last.chain.end
            log.begin(with: file, earlierSize: earlier, baseSize: found.baseSize, stream: found.stream)
        } else {
            let (increment, file) = try directory.createIncrement()
            try directory.publish(adding: increment)
            log.begin(with: file, earlierSize: found.incrementsSize, baseSize: found.baseSize)
        }
    }

    // MARK: The mark of an unclean end

    static func reason(_ policy: SyncPolicy) -> String {
        "the daemon did not end cleanly, and appendfsync \(policy.rawValue) acknowledges writes before they are on disk"
    }

    /// Removes the mark if no acknowledged write can be missing from here on. Called under ``commitment``.
    func clearMarkIfComplete() throws(FileError) {
        guard data.isMarked, policy == .always, log.state == .running else { return }
        try log.flush()
        try epochFile.settle()
        try data.clearUnclean()
    }

    // MARK: The end

    /// Writes all appended records durably, and stops. No write may be executed any more.
    package func end() {
        saver.end()
        clockFile?.end()
        log.wake()
        for _ in 0..<threadCount.withLock({ $0 }) { threadHasEnded.wait() }
        threadCount.withLock { $0 = 0 }
        defer { data.release() }
        commitment.withLock { commitment in
            commitment = .ended
            switch log.state {
            case .off, .starting: return
            case .running, .failed: break
            }
            do throws(FileError) { try close() } catch {
                notify(
                    data.isMarked
                        ? .error("the log could not be closed cleanly, so acknowledged writes may be missing: \(error)")
                        : .error("the log could not be closed cleanly, and no acknowledged write is missing: \(error)"))
            }
        }
    }

    private func close() throws(FileError) {
        do throws(FileError) {
            // There may be room again since the last try.
            if log.bytesToResume != nil { try log.resume() }
            try log.flush()
        } catch {
            // The disk may have refused only a seal, or records that were never acknowledged.
            guard log.isComplete else { throw error }
        }
        log.seal(.stop)
        renewEpochFile(isLast: true)
        try clockFile?.keep(isLast: true)
        try epochFile.settleLast()
        try data.clearUnclean()
    }

    private func startThreads() throws(PersistenceError) {
        do { try startAll() } catch { throw PersistenceError(.disk, "\(error)") }
    }

    private func startAll() throws(SystemThread.Failure) {
        try SystemThread.start("log") { [log, saver, threadHasEnded] in
            log.run(until: { saver.isEnding })
            threadHasEnded.signal()
        }
        threadCount.withLock { $0 += 1 }
        try SystemThread.start("rewrite", isPatient: true) { [self] in
            saver.run(self)
            threadHasEnded.signal()
        }
        threadCount.withLock { $0 += 1 }
        guard let clockFile else { return }
        try SystemThread.start("clock") { [notify, threadHasEnded] in
            clockFile.run(notify)
            threadHasEnded.signal()
        }
        threadCount.withLock { $0 += 1 }
    }

    // MARK: Settings at run time

    package var policy: SyncPolicy { settings.withLock { $0.policy } }

    /// `CONFIG SET appendfsync`: succeeds as a whole or changes nothing. Waits for the disk: do not call it from a
    /// thread that serves clients.
    /// - Throws: ``PersistenceError/Code/busy`` while the data directory is being read.
    package func setPolicy(_ policy: SyncPolicy) throws(PersistenceError) {
        try commitment.withLock { commitment throws(PersistenceError) in
            guard commitment == .serving else {
                throw PersistenceError(.busy, "the data directory is being read: try again when that has ended")
            }
            do throws(FileError) { try change(policy) } catch { throw PersistenceError(error) }
        }
    }

    private func change(_ policy: SyncPolicy) throws(FileError) {
        // A denylist in memory only promises nothing, and has no directory.
        if policy != .always, log.state != .off { try data.markUnclean(Self.reason(policy)) }
        settings.withLock { $0.policy = policy }
        log.update { $0.policy = policy }
        log.wake()
        // While the disk fails, the mark stays. It is removed when the log is complete again.
        try? clearMarkIfComplete()
    }

    /// `CONFIG SET auto-aof-rewrite-percentage` and `-min-size`.
    package func setRewriting(percentage: Int? = nil, minimum: Int? = nil) {
        settings.withLock { settings in
            if let percentage { settings.rewritePercentage = percentage }
            if let minimum { settings.rewriteMinimum = minimum }
        }
    }

    package var configuration: PersistenceConfiguration { settings.withLock { $0 } }
}
