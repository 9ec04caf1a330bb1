import Denylist
import Synchronization

extension Persistence {
    // MARK: Requests

    /// `BGREWRITEAOF`: begins when no other file is being written.
    /// - Parameter completion: called at the end, on a thread of persistence.
    /// - Returns: false if a rewrite is under way already; then `completion` is not called.
    @discardableResult
    package func requestRewrite(_ completion: @escaping @Sendable (PersistenceError?) -> Void = { _ in }) -> Bool {
        guard !saver.has(.rewrite) else { return false }
        saver.request(.rewrite, completion)
        return true
    }

    /// `SAVE` and `BGSAVE`: writes a `dump.rdb`, with each entry as it is when the walk reaches it.
    /// - Parameter isInBackground: whether the caller does not wait for it.
    /// - Returns: false if one is under way in the background already; then `completion` is not called.
    @discardableResult
    package func requestSave(
        isInBackground: Bool, _ completion: @escaping @Sendable (PersistenceError?) -> Void = { _ in }
    ) -> Bool {
        guard !saver.has(.save(isInBackground: true)) else { return false }
        saver.request(.save(isInBackground: isInBackground), completion)
        return true
    }

    /// `CONFIG SET appendonly`. Turned on, a complete log is written before anything is promised. Turned off, a mark in
    /// the directory says that later writes are missing.
    package func requestLogging(_ isOn: Bool, _ completion: @escaping @Sendable (PersistenceError?) -> Void = { _ in })
    {
        saver.request(.setLogging(isOn), completion)
    }

    /// The figures of `INFO persistence`. Never waits for the disk.
    package var information: PersistenceInformation {
        var information = PersistenceInformation()
        information.isMarkedUnclean = data.isMarked
        information.noticesCopies = epochFile.noticesCopies
        figures.withLock { figures in
            information.isRewriting = figures.isRewriting
            information.isSaving = figures.isSaving
            information.lastRewriteFailed = figures.lastRewriteFailed
            information.lastSaveFailed = figures.lastSaveFailed
            information.lastSave = figures.lastSave
            information.rewrites = figures.rewrites
            information.saves = figures.saves
            information.baseSize = figures.baseSize
        }
        log.queue.withLock { queue in
            information.state = queue.state
            information.policy = queue.policy
            information.size = queue.size
            information.backlog = queue.records.count
            information.end = queue.end
            information.durable = queue.durable
        }
        return information
    }

    // MARK: Work, on the thread of background jobs

    /// How often a walk renews the epoch's file: as often as ``runPeriodic(at:)`` does.
    private static let renewInterval = Duration.seconds(1)

    func rewrite() -> Rewrite {
        var renewsAgain = ContinuousClock.now + Self.renewInterval
        return Rewrite(denylist: denylist, log: log, epochFile: epochFile, moment: moment) {
            [self] () throws(FileError) in
            if saver.isEnding { throw .cancelled }
            try yieldRoom()
            // The walk may take long, and this thread does nothing else meanwhile.
            guard renewsAgain <= .now else { return }
            renewEpochFile()
            renewsAgain = .now + Self.renewInterval
        }
    }

    func perform(_ job: BackgroundJobs.Job) throws(PersistenceError) {
        do throws(FileError) {
            switch job {
            case .rewrite: try compact()
            case .save: try save()
            case .setLogging(true): try enable()
            case .setLogging(false): try disable()
            }
        } catch {
            throw PersistenceError(error)
        }
    }

    func compact() throws(FileError) {
        try writeLog { rewrite, directory throws(FileError) in
            guard directory != nil, log.state == .running else { throw .noLog }
            try requireRoom()
            try rewrite.compact(&directory!)
        }
    }

    func renew() throws(FileError) {
        // The directory may have been removed, with the mark in it, and what was promised.
        try acquire()
        try keepPromise()
        // What TIME has answered: a start on the new log must not answer it again.
        if clockFile?.isKept == true { try clockFile?.keep(isLast: false) }
        try commitment.withLock { _ throws(FileError) in
            if policy != .always { try data.markUnclean(Self.reason(policy)) }
        }
        try writeLog { rewrite, directory throws(FileError) in
            if directory == nil { directory = try LogDirectory(in: data, manifest: nil) }
            try rewrite.renew(&directory!)
        }
    }

    private func writeLog(
        _ body: (Rewrite, inout LogDirectory?) throws(FileError) -> Void
    ) throws(FileError) {
        figures.withLock { $0.isRewriting = true }
        defer { figures.withLock { $0.isRewriting = false } }
        do throws(FileError) {
            try directory.withLock { directory throws(FileError) in try body(rewrite(), &directory) }
        } catch {
            figures.withLock { figures in
                figures.lastRewriteFailed = true
                figures.rewritesAgain = .now + Self.rewritePause
            }
            if error != .cancelled { notify(.error("the log could not be rewritten: \(error)")) }
            throw error
        }
        let baseSize = log.baseSize
        figures.withLock { figures in
            figures.lastRewriteFailed = false
            figures.rewrites += 1
            figures.baseSize = baseSize
        }
    }

    // MARK: Snapshots

    private func save() throws(FileError) {
        figures.withLock { $0.isSaving = true }
        defer { figures.withLock { $0.isSaving = false } }
        denylist.holdSwaps()
        defer { denylist.allowSwaps() }
        let temporary = data.path(DataDirectory.temporaryDumpName)
        do throws(FileError) {
            try acquire()
            try requireRoom()
            let file = try data.files.create(temporary)
            let pause = rewrite().pause
            let walk = TableWalk(
                denylist: denylist, moment: moment, isLogBase: false, notes: .of(run: log.run), pause: pause)
            _ = try walk.write(to: file)
            try file.synchronize(.dump)
            try data.files.rename(temporary, to: data.path(DataDirectory.dumpName))
            try data.files.synchronize(directory: data.path, .dumpName)
        } catch {
            try? data.files.remove(temporary)
            figures.withLock { $0.lastSaveFailed = true }
            if error != .cancelled { notify(.error("the snapshot could not be written: \(error)")) }
            throw error
        }
        let now = moment().wall / 1000
        figures.withLock { figures in
            figures.lastSaveFailed = false
            figures.lastSave = now
            figures.saves += 1
        }
    }

    // MARK: On and off

    private func enable() throws(FileError) {
        guard log.state == .off else { return }
        try acquire()
        // Until the log is complete, it lacks acknowledged writes.
        try commitment.withLock { _ throws(FileError) in
            _ = try data.markUnclean("the daemon ended before its log was complete")
        }
        try epochFile.keep()
        try clockFile?.begin(runs: [log.run])
        try renew()
        settings.withLock { $0.isLogging = true }
        try commitment.withLock { _ throws(FileError) in try clearMarkIfComplete() }
    }

    private func disable() throws(FileError) {
        guard log.state != .off else { return }
        try commitment.withLock { _ throws(FileError) in
            try data.markUnclean("the daemon ran without a log")
            settings.withLock { $0.isLogging = false }
            clockFile?.rest()
            log.stop()
        }
    }
}
