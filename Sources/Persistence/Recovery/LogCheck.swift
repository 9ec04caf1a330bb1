import Denylist

/// `revoked check-log`: reads all files of a data directory that no daemon uses, and reports what is wrong with them.
package struct LogCheck: Sendable {
    package struct Finding: Sendable, Equatable {
        package enum Kind: Sendable {
            /// A write that a crash interrupted: the next start cuts it off.
            case torn
            /// The next start is refused.
            case damaged
            /// The next start is refused, unless it is told to skip such data.
            case unsupported
        }

        package var kind: Kind
        /// The file's name in the log's directory.
        package var file: String
        /// The offset of the first bad record, and the file's length.
        package var offset: Int
        package var size: Int
        package var reason: String
    }

    package private(set) var findings: [Finding] = []
    /// How many files and records were read.
    package private(set) var files = 0
    package private(set) var records = 0
    /// Why the next start makes a new epoch, or is refused, although every file of the log is whole.
    package private(set) var epochNotice: String?
    /// Whether `revoked.epoch` is damaged: the next start is refused.
    package private(set) var isEpochDamaged = false
    private var epoch: EpochFile.Found?
    private var own = OwnKeys()
    private var increments: LogPosition.Increments = []
    private let data: DataDirectory
    private let settings: ReadConfiguration

    /// Reads everything, and holds the directory's lock until the last reference is gone.
    /// - Throws: ``PersistenceError`` if another process uses the directory, or if the log or a file of it is missing.
    ///   Also if the manifest is damaged.
    package init(directory: String, now: Int64) throws(PersistenceError) {
        try self.init(directory: directory, now: now, files: SystemFiles())
    }

    init(directory: String, now: Int64, files: any FileSystem) throws(PersistenceError) {
        do {
            guard try files.exists("\(directory)/\(Manifest.directoryName)") else {
                throw PersistenceError(.missing, "there is no log in \(directory)")
            }
            data = DataDirectory(directory, files)
            try data.open()
            settings = ReadConfiguration(now: now)
            guard let manifest = try ManifestFile.read(in: data) else {
                throw PersistenceError(.missing, "there is no log in \(directory)")
            }
            for file in [manifest.base].compactMap({ $0 }) + manifest.increments { try check(file) }
            readEpoch()
        } catch let error as PersistenceError {
            throw error
        } catch let error as FileError {
            throw PersistenceError(error)
        } catch {
            throw PersistenceError(.damaged, "\(error)")
        }
    }

    private mutating func readEpoch() {
        do throws(PersistenceError) {
            epoch = try EpochFile(data).read()
            guard let epoch else { return }
            if epoch.isCopy {
                epochNotice =
                    "this directory is a copy, which may lack revocations: the next start gives it a new epoch"
            } else if let reason = (try? data.uncleanReason()) ?? epoch.contents.position.uncleanReason(increments) {
                epochNotice = "\(reason): the next start gives the denylist a new epoch"
            }
        } catch {
            isEpochDamaged = true
            epochNotice = error.message
        }
    }

    private func path(_ name: String) -> String { data.path("\(Manifest.directoryName)/\(name)") }

    private mutating func check(_ file: Manifest.File) throws(FileError) {
        let contents = try data.files.contents(of: path(file.name))
        files += 1
        var finding: Finding?
        var read = 0
        let settings = settings
        var sink = CheckSink(own: own)
        var end: LogReader.End?
        contents.withBytes { bytes in
            func note(_ kind: Finding.Kind, _ error: FormatError, from start: Int = 0) {
                finding = Finding(
                    kind: kind, file: file.name, offset: start + error.offset, size: bytes.byteCount,
                    reason: error.reason)
            }
            do throws(FormatError) {
                var start = 0
                if file.kind == .base, RDBReader.recognizes(bytes) || file.name.hasSuffix(".rdb") {
                    let result = try RDBReader.read(bytes, settings, into: &sink)
                    read += result.counts.records
                    start = result.end
                    if start == bytes.byteCount { return }
                }
                let log = try LogReader.read(bytes.extracting(droppingFirst: start), settings, into: &sink)
                end = log
                read += log.counts.records
                if let torn = log.torn { note(file.kind == .base ? .damaged : .torn, torn, from: start) }
            } catch {
                note(error.code == .damaged ? .damaged : .unsupported, error)
            }
        }
        own = sink.own
        if let end, let chain = end.chain { increments.append((chain.salt, end.offset)) }
        records += read
        if let finding { findings.append(finding) }
    }

    // MARK: A new epoch

    /// Gives the denylist a new epoch, because the directory, or a part of it, is an older copy. Clients deny requests
    /// until an operator accepts it.
    package func renewEpoch() throws(PersistenceError) -> EpochRecord {
        let record =
            if let epoch {
                epoch.contents.record.replaced()
            } else if let known = own.knownEpoch {
                EpochRecord(epoch: known).replaced()
            } else {
                EpochRecord.replacingUnknown()
            }
        do throws(FileError) {
            // What replicas were handed may not be in this log.
            try StreamFile(data).forget()
            try EpochFile(data).begin(record, .any)
        } catch {
            throw PersistenceError(error)
        }
        return record
    }

    // MARK: Repair

    /// Cuts every damaged or torn file at its first bad record. The rest is kept beside it, in a file named
    /// `….cut-<offset>`. The readable entries of a damaged snapshot are written to a new one. The next start makes a
    /// new epoch.
    /// - Returns: the names of the files with the parts cut off.
    package func repair() throws(PersistenceError) -> [String] {
        var kept: [String] = []
        do throws(FileError) {
            let findings = findings.filter { $0.kind != .unsupported }
            guard !findings.isEmpty else { return [] }
            try data.markUnclean("the log was repaired")
            for finding in findings {
                let name = "\(finding.file).cut-\(finding.offset)"
                let contents = try data.files.contents(of: path(finding.file))
                let isSnapshot = finding.file.hasSuffix(".rdb") || contents.withBytes { RDBReader.recognizes($0) }
                try keep(contents, from: isSnapshot ? 0 : finding.offset, as: name)
                if isSnapshot {
                    try rewriteReadable(contents, finding.file)
                } else {
                    let file = try data.files.append(to: path(finding.file))
                    try file.truncate(to: finding.offset)
                    try file.synchronize(.recoveredTail)
                }
                kept.append(name)
            }
        } catch {
            throw PersistenceError(error)
        }
        return kept
    }

    private func keep(_ contents: FileContents, from offset: Int, as name: String) throws(FileError) {
        let file = try data.files.create(path(name))
        try contents.withBytes { bytes throws(FileError) in
            try file.write(bytes.extracting(droppingFirst: offset))
        }
        try file.synchronize(.recoveredTail)
        try data.files.synchronize(directory: data.path(Manifest.directoryName), .recoveredNames)
    }

    static let temporaryName = "temp-repaired.rdb"

    private func rewriteReadable(_ contents: FileContents, _ name: String) throws(FileError) {
        let denylist = Denylist()
        // Whatever the clock says, a repair removes no expired entry.
        let moment = ClockReading(wall: .min, guarded: .min)
        let times = contents.withBytes { bytes in
            var sink = TableSink(denylist, at: moment, copies: true)
            // Up to the damaged record.
            _ = try? RDBReader.read(bytes, settings, into: &sink)
            return RDBReader.times(of: bytes)
        }
        let temporary = path(Self.temporaryName)
        let file = try data.files.create(temporary)
        let walk = TableWalk(
            denylist: denylist, moment: { moment }, isLogBase: true, notes: .copied(times), pause: {})
        _ = try walk.write(to: file)
        try file.synchronize(.base)
        try data.files.rename(temporary, to: path(name))
        try data.files.synchronize(directory: data.path(Manifest.directoryName), .manifestName)
    }
}

/// Counts records and keeps none, except the daemon's own keys.
private struct CheckSink: RecordSink {
    var own: OwnKeys
    private var isMain = true

    init(own: OwnKeys) { self.own = own }

    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64) {
        if OwnKeys.has(key) { own.set(key, value) }
    }

    mutating func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan) { set(key, value, expiry: 0) }
    mutating func setExpiry(_ key: RawSpan, _ expiry: Int64) {}
    mutating func remove(_ key: RawSpan) { if OwnKeys.has(key) { own.remove(key) } }
    mutating func select(_ database: Int) { isMain = database == 0 }
    mutating func copy(_ key: RawSpan, to other: RawSpan, of database: Int?) {}
    mutating func swap(_ database: Int, _ other: Int) {}
    mutating func removeDatabase() { if isMain { own.removeAll() } }
    mutating func removeAll() { own.removeAll() }
}
