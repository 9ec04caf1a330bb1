extension Persistence {
    // MARK: The start

    /// What the denylist's epoch is after a start.
    static func epoch(of found: Recovered) -> EpochRecord {
        let doubt = found.report.doubt != nil
        let known = found.own.knownEpoch
        guard let record = found.epoch?.record else {
            // A release that kept the epoch as any other key goes on under it.
            if let known { return doubt ? EpochRecord(epoch: known).replaced() : EpochRecord(epoch: known) }
            // What another server wrote without one, no client has believed.
            guard found.report.isOurs else { return EpochRecord() }
            return .replacingUnknown()
        }
        // Under an epoch that nobody was served under nothing can be missing.
        guard doubt, found.epoch?.position != .new else { return record }
        // Another server's epoch in a log that it has gone on with is younger than the file.
        if let known, known != record.epoch, known != record.predecessor { return EpochRecord(epoch: known).replaced() }
        return record.replaced()
    }

    /// Goes on with the log that is there. A disk that is full stops no start: reads are served, and before anything is
    /// written to the log the file is made anew. Until a new epoch is on disk the mark stays, by which the next start
    /// makes another.
    func goOn(_ record: EpochRecord, _ found: EpochRecord?) throws(FileError) {
        do throws(FileError) { try epochFile.begin(record, log.position ?? .any) } catch {
            guard error.isOutOfRoom, record == found || data.isMarked else { throw error }
            notify(.error("the disk is full: reads are served, and writes are refused until there is room: \(error)"))
        }
    }

    /// Without a log nothing outlasts the process: what the directory held is replaced. A directory that holds nothing
    /// is left alone: a cache that never touches it keeps nobody out of it.
    func beginWithoutLog() throws(FileError) -> EpochRecord {
        let hasLog = try data.files.exists(data.path(Manifest.directoryName))
        let hasEpoch = try epochFile.exists
        guard hasLog || hasEpoch else {
            let record = EpochRecord()
            epochFile.want(record)
            return record
        }
        try data.acquire()
        if hasLog { try data.markUnclean("the daemon ran without a log") }
        // A file that cannot be read names no predecessor.
        let contents = (try? epochFile.read())?.contents
        let record =
            switch contents {
            case let contents? where contents.position == .new: contents.record
            case let contents?: contents.record.replaced()
            case nil: EpochRecord.replacingUnknown()
            }
        try epochFile.begin(record, .memory)
        return record
    }

    // MARK: While it runs

    /// Makes the file with the epoch anew if the log has got further, so that copies which are older are noticed.
    func renewEpochFile(isLast: Bool = false) {
        guard let failure = epochFile.renew(at: log.position, isLast: isLast) else { return }
        notify(
            .error(
                "\(EpochFile.name) cannot be written anew, so a copy restored over the data directory may not be "
                    + "noticed: \(failure)"))
    }

    /// What to do where ``PersistenceInformation/noticesCopies`` is false.
    package static let copiesGoUnnoticed =
        "the file system of the data directory does not say when a file came to be, so a copy that is restored cannot be "
        + "noticed: after every restore run revoked check-log --new-epoch"

    /// The daemon answers this epoch from now on. Whatever is appended to ``log`` later is on disk only when this is:
    /// call it before the append that it belongs to. Never waits for the disk.
    package func setEpoch(_ record: EpochRecord) { epochFile.want(record) }

    /// Whether there is a directory that has to keep the epoch.
    package var keepsEpoch: Bool { epochFile.isInUse }

    /// Returns when the last ``setEpoch(_:)`` is on disk. Waits for the disk: not to be called by a thread that serves
    /// clients.
    package func storeEpoch() throws(PersistenceError) {
        do throws(FileError) { try epochFile.settle() } catch { throw PersistenceError(error) }
    }
}
