extension Persistence {
    // MARK: The start

    /// The denylist's epoch after a start.
    static func epoch(of found: Recovered) -> EpochRecord {
        let isUnclean = found.report.uncleanReason != nil
        let known = found.own.knownEpoch
        guard let record = found.epoch?.record else {
            // A release that stored the epoch like any other key continues under it.
            if let known { return isUnclean ? EpochRecord(epoch: known).replaced() : EpochRecord(epoch: known) }
            // No client has believed a list that another server wrote without an epoch.
            guard found.report.isOurs else { return EpochRecord() }
            return .replacingUnknown()
        }
        // Under an epoch that served no client, nothing can be missing.
        guard isUnclean, found.epoch?.position != .new else { return record }
        // The log was continued by another server, whose epoch is newer than the file.
        if let known, known != record.epoch, known != record.predecessor { return EpochRecord(epoch: known).replaced() }
        return record.replaced()
    }

    /// Continues with the log that exists. A full disk does not stop a start: reads are served, and the file is written
    /// before anything is written to the log. Until a new epoch is on disk the mark stays, so that the next start makes
    /// another.
    func goOn(_ record: EpochRecord, _ found: EpochRecord?) throws(FileError) {
        do throws(FileError) { try epochFile.begin(record, log.position ?? .any, stored: found) } catch {
            guard error.isOutOfRoom, record == found || data.isMarked else { throw error }
            notify(.error("the disk is full: reads are served, and writes are refused until there is room: \(error)"))
        }
    }

    /// Without a log nothing outlasts the process, so the directory's epoch is replaced. A directory without our files
    /// is left alone: a cache that never uses it locks out no process.
    func beginWithoutLog() throws(FileError) -> EpochRecord {
        let hasLog = try data.files.exists(data.path(Manifest.directoryName))
        let hasEpoch = try epochFile.exists
        guard hasLog || hasEpoch else {
            let record = EpochRecord()
            epochFile.want(record)
            return record
        }
        try data.acquire()
        let isNewlyMarked = hasLog ? try data.markUnclean("the daemon ran without a log") : false
        // An unreadable file names no predecessor.
        let contents = (try? epochFile.read())?.contents
        let record =
            switch contents {
            case let contents? where contents.position == .new: contents.record
            case let contents?: contents.record.replaced()
            case nil: EpochRecord.replacingUnknown()
            }
        do throws(FileError) { try epochFile.begin(record, .memory) } catch {
            // Nothing was acknowledged.
            if isNewlyMarked { try? data.clearUnclean() }
            throw error
        }
        return record
    }

    // MARK: While it runs

    /// Writes the epoch's file again if the log has grown, so that older copies are noticed.
    func renewEpochFile(isLast: Bool = false) {
        guard let failure = epochFile.renew(at: log.position, isLast: isLast) else { return }
        notify(
            .error(
                "\(EpochFile.name) cannot be written anew, so a copy restored over the data directory may not be "
                    + "noticed: \(failure)"))
    }

    /// What to do if ``PersistenceInformation/noticesCopies`` is false.
    package static let copiesGoUnnoticed =
        "the file system of the data directory does not say when a file came to be, so a copy that is restored cannot be "
        + "noticed: after every restore run revoked check-log --new-epoch"

    /// Sets the epoch that the daemon answers from now on. Records appended to ``log`` later are on disk only when the
    /// epoch is: call this before such an append. Never waits for the disk.
    package func setEpoch(_ record: EpochRecord) { epochFile.want(record) }

    /// Whether a directory keeps the epoch.
    package var keepsEpoch: Bool { epochFile.isInUse }

    /// Returns when the last ``setEpoch(_:)`` is on disk. Waits for the disk: do not call it from a thread that serves
    /// clients.
    package func storeEpoch() throws(PersistenceError) {
        do throws(FileError) { try epochFile.settle() } catch { throw PersistenceError(error) }
    }
}
