import Denylist

/// Reads a data directory: the base, then the increments. It cuts off writes that a crash interrupted. Any other
/// deviation stops it.
struct Recovery<Sink: RecordSink & ~Copyable>: ~Copyable {
    private let data: DataDirectory
    private let settings: ReadConfiguration
    /// The position that the log must reach, as recorded outside of it; nil if none is recorded.
    private let position: LogPosition?
    /// Receives the number of bytes done, and that of all files.
    private let progress: (Int, Int) -> Void
    /// Sets the clocks, once the files' records of time are known, and returns the present time.
    private let resume: (ClockEvidence) -> ClockReading
    private var evidence = ClockEvidence()
    private(set) var report = RecoveryReport()
    /// Where the log continues; nil if another increment must be begun.
    private(set) var last: Last?
    /// Our increments, and where the good part of each ends.
    private(set) var increments: LogPosition.Increments = []
    /// The same, as streams count them.
    private var streamed: [RecoveredStream.Increment] = []
    /// Where the log stands in its stretches; nil if it goes on in a new file.
    private(set) var stream: RecoveredStream?
    /// The process that wrote the newest note; 0 without one.
    private(set) var newestRun: UInt64 = 0
    /// Whether the directory is a copy.
    private let isCopy: Bool
    /// The sizes of the base and of the increments, in bytes.
    private(set) var baseSize = 0
    private(set) var incrementsSize = 0
    private var total = 0
    var sink: Sink

    struct Last {
        var name: String
        var chain: SealChain
        /// Whether another server has appended to it.
        var hasOthers: Bool
    }

    /// An increment that ends in a torn write, or may.
    private struct Tail {
        var path: String
        var size: Int
        var offset: Int
        var torn: FormatError?
        /// The file was on disk up to this offset.
        var synced: Int
    }

    init(
        _ data: DataDirectory, _ settings: ReadConfiguration, epoch: EpochFile.Found?, sink: consuming Sink,
        resume: @escaping (ClockEvidence) -> ClockReading, progress: @escaping (Int, Int) -> Void
    ) {
        self.data = data
        position = epoch?.contents.position
        isCopy = epoch?.isCopy == true
        if isCopy {
            report.uncleanReason = "the data directory is a copy, and may lack later revocations"
        }
        self.settings = settings
        self.sink = sink
        self.resume = resume
        self.progress = progress
    }

    private var files: any FileSystem { data.files }

    /// - Returns: the log's manifest, nil if there is no log.
    mutating func run() throws(PersistenceError) -> Manifest? {
        do {
            let mark = try data.uncleanReason()
            report.uncleanReason = report.uncleanReason ?? mark
            evidence.left = try ClockFile.read(in: data)
            if evidence.left == .damaged {
                report.uncleanReason =
                    report.uncleanReason ?? "\(ClockFile.name) is damaged: how far the clock has been is not known"
            }
            let manifest = try ManifestFile.read(in: data)
            if let manifest {
                if !manifest.isOurs {
                    try ForeignLog.refuse(besideManifestIn: data.path(Manifest.directoryName), in: data)
                }
                try readLog(manifest)
            } else {
                try ForeignLog.refuse(in: data)
                if try files.exists(data.path(DataDirectory.dumpName)) { try readDump() } else { beginReading() }
            }
            if report.source == .nothing, let position {
                report.uncleanReason = report.uncleanReason ?? position.uncleanReason(nil)
            }
            return manifest
        } catch let error as PersistenceError {
            throw error
        } catch let error as FileError {
            throw PersistenceError(error)
        } catch {
            throw PersistenceError(.damaged, "\(error)")
        }
    }

    // MARK: Time

    /// Records what a file tells of time. Called for each file in order, before any of them is read.
    private mutating func note(_ contents: FileContents) {
        let times = contents.withBytes { bytes in
            RDBReader.recognizes(bytes)
                ? RDBReader.times(of: bytes) : RDBReader.Times(note: LogReader.firstNote(in: bytes))
        }
        newestRun = times.note?.run ?? newestRun
        if let note = times.note {
            let latest = max(note.guarded, evidence.note?.guarded ?? 0)
            evidence.note = TimeNote(run: note.run, shift: note.shift, guarded: latest)
        } else if let created = times.created {
            evidence.earliest = min(created, evidence.earliest ?? created)
        }
    }

    private mutating func beginReading() {
        report.clocks = evidence
        sink.begin(at: resume(evidence))
    }

    // MARK: The log

    private mutating func readLog(_ manifest: Manifest) throws {
        report.source = .log
        let directory = data.path(Manifest.directoryName)
        var contents: [FileContents] = []
        let entries = [manifest.base].compactMap { $0 } + manifest.increments
        for entry in entries {
            contents.append(try files.contents(of: "\(directory)/\(entry.name)"))
            total += contents.last!.count
            note(contents.last!)
        }
        beginReading()
        sink.reserve(entries: Self.estimate(baseSize: manifest.base == nil ? 0 : contents[0].count, total))
        var tails: [Tail] = []
        for (entry, contents) in zip(entries, contents) {
            let path = "\(directory)/\(entry.name)"
            if entry.kind == .base {
                try readBase(path, contents)
            } else {
                try readIncrement(entry.name, path, contents, &tails)
            }
            report.bytes += contents.count
        }
        contents = []
        stream = try findStream(manifest) ?? streamed.last.map { RecoveredStream(beginningIn: $0) }
        judge(manifest)
        // Before anything is cut, because the cut bytes may be the evidence. The mark is removed when the new epoch is
        // on disk.
        if let reason = report.uncleanReason { try data.markUnclean(reason) }
        try settle(tails)
    }

    /// Decides whether an acknowledged write may be missing. None is if three things hold. The log reaches the position
    /// recorded outside of it. The last file begins with our head line, which was on disk before our manifest named it.
    /// And no other server has appended to that file. (Before our daemon acknowledges a write that is not on disk, it
    /// leaves a mark.) Earlier files may be from any server: the writer of the last one stored a new epoch before it
    /// removed the mark.
    ///
    /// One loss leaves no trace: a power loss that takes everything that another server has written since.
    private mutating func judge(_ manifest: Manifest) {
        report.isOurs = manifest.isOurs
        if let position { report.uncleanReason = report.uncleanReason ?? position.uncleanReason(increments) }
        if manifest.isOurs, let last, !last.hasOthers { return }
        report.uncleanReason =
            report.uncleanReason ?? "another server than revoked has written to the log, or a part of it is missing"
        // The new increment comes with a manifest of ours.
        if !manifest.isOurs { last = nil }
    }

    /// Reads where the log stands in the stretches before. It has to be a beginning of what this directory's daemons
    /// have written: a policy that acknowledges writes before they are on disk does no harm, an older copy, a repair or
    /// another server's records do.
    private func findStream(_ manifest: Manifest) throws(FileError) -> RecoveredStream? {
        guard let contents = try StreamFile.read(in: data) else { return nil }
        let mark = try data.uncleanReason()
        guard manifest.isOurs, !isCopy, let last, !last.hasOthers, position?.uncleanReason(increments) == nil,
            mark.map({ reason in SyncPolicy.allCases.contains { Persistence.reason($0) == reason } }) ?? true,
            streamed.count == manifest.increments.count, report.counts.skipped == 0
        else { return nil }
        let base = manifest.base.map { data.path("\(Manifest.directoryName)/\($0.name)") }
        return RecoveredStream(contents, newestRun: newestRun, base: base, streamed)
    }

    /// An estimate of the entries in files of these sizes, rather too low than too high.
    private static func estimate(baseSize: Int, _ total: Int) -> Int { baseSize / 72 + (total - baseSize) / 144 }

    private mutating func readBase(_ path: String, _ contents: FileContents) throws(PersistenceError) {
        baseSize = contents.count
        try read(path, contents) { reader, bytes throws(FormatError) in
            if RDBReader.recognizes(bytes) || path.hasSuffix(".rdb") {
                let end = try reader.readRDB(bytes)
                if end == bytes.byteCount { return }
                // A log that Redis 6 began with a snapshot.
                try reader.readWhole(bytes, from: end)
            } else {
                try reader.readWhole(bytes, from: 0)
            }
        }
    }

    private mutating func readIncrement(
        _ name: String, _ path: String, _ contents: FileContents, _ tails: inout [Tail]
    ) throws(PersistenceError) {
        let before = report.counts.records
        var end: LogReader.End?
        try read(path, contents) { reader, bytes throws(FormatError) in end = try reader.readLog(bytes, from: 0) }
        guard let end else { return }
        // Nothing is written to an increment before the one in front of it is wholly on disk.
        if report.counts.records > before, let torn = tails.first(where: { $0.torn != nil }) {
            throw .damaged(torn.path, torn.torn!, "and more was written after it")
        }
        let synced = end.chain.map { chain in contents.withBytes { SealLine.synced(in: $0, before: chain.start) } }
        tails.append(
            Tail(path: path, size: contents.count, offset: end.offset, torn: end.torn, synced: synced ?? 0))
        report.unsealedBytes = end.chain?.length ?? 0
        report.wasEndedInOrder = end.isClean
        incrementsSize += end.offset
        if let chain = end.chain {
            newestRun = end.newestRun ?? newestRun
            increments.append((chain.salt, end.offset))
            streamed.append(
                RecoveredStream.Increment(
                    path: path, salt: chain.salt, records: end.recordBytes, sealed: end.sealedBytes))
        }
        // Behind another server's SELECT a record of ours would be another database's.
        last =
            end.database == 0
            ? end.chain.map { Last(name: name, chain: $0, hasOthers: end.hasOthers) } : nil
    }

    /// Cuts off torn ends, and makes the bytes durable that were read: they are served from now on.
    private mutating func settle(_ tails: [Tail]) throws(FileError) {
        for tail in tails {
            let file = try files.append(to: tail.path)
            if tail.offset < tail.size {
                report.cuts.append(
                    RecoveryReport.Cut(
                        file: tail.path, offset: tail.offset, bytes: tail.size - tail.offset,
                        reason: tail.torn?.reason ?? "incomplete"))
                try file.truncate(to: tail.offset)
            }
            if tail.path == tails.last?.path { try seal(file) }
            try file.refresh(from: tail.synced)
            try file.synchronize(.recoveredTail)
        }
        try files.synchronize(directory: data.path(Manifest.directoryName), .recoveredNames)
    }

    /// Seals the records at the end that have no seal. Otherwise the next batch would include them, and a power loss
    /// that tears it would take them too.
    private mutating func seal(_ file: any OutputFile) throws(FileError) {
        guard var last, last.chain.length > 0 else { return }
        var line: [UInt8] = []
        last.chain.close(synced: last.chain.start, to: &line)
        try file.write(line.span.bytes)
        incrementsSize += line.count
        self.last = last
    }

    // MARK: A snapshot

    private mutating func readDump() throws {
        report.source = .dump
        let path = data.path(DataDirectory.dumpName)
        let contents = try files.contents(of: path)
        total = contents.count
        note(contents)
        // Every snapshot of ours has a note.
        report.isOurs = evidence.note != nil
        beginReading()
        try read(path, contents) { reader, bytes throws(FormatError) in
            let end = try reader.readRDB(bytes)
            guard end == bytes.byteCount else { throw FormatError(at: end, "more bytes follow the end") }
        }
        report.bytes = contents.count
        report.uncleanReason = "\(DataDirectory.dumpName) lacks everything written after it"
    }

    // MARK: Files

    /// Reads one file, and adds its path to an error.
    private mutating func read(
        _ path: String, _ contents: FileContents,
        _ body: (inout Self, RawSpan) throws(FormatError) -> Void
    ) throws(PersistenceError) {
        do throws(FormatError) {
            try contents.withBytes { bytes throws(FormatError) in try body(&self, bytes) }
        } catch {
            throw .damaged(path, error)
        }
    }

    private mutating func readRDB(_ bytes: RawSpan) throws(FormatError) -> Int {
        let (done, total, progress) = (report.bytes, total, progress)
        let end = try RDBReader.read(bytes, settings, into: &sink) { progress(done + $0, total) }
        report.counts.add(end.counts)
        return end.end
    }

    private mutating func readLog(_ bytes: RawSpan, from start: Int) throws(FormatError) -> LogReader.End {
        let (done, total, progress) = (report.bytes, total, progress)
        let rest = bytes.extracting(droppingFirst: start)
        let end = try LogReader.read(rest, settings, into: &sink) { progress(done + start + $0, total) }
        report.counts.add(end.counts)
        return end
    }

    /// Reads a log that must be complete.
    private mutating func readWhole(_ bytes: RawSpan, from start: Int) throws(FormatError) {
        let end = try readLog(bytes, from: start)
        if let torn = end.torn { throw FormatError(torn.code, at: start + torn.offset, torn.reason) }
    }
}

extension SealLine {
    /// The synced offset in the seal that ends at `offset`. A file's head was on disk by itself.
    fileprivate static func synced(in bytes: RawSpan, before offset: Int) -> Int {
        guard offset >= headLength + length else { return min(offset, headLength) }
        return SealLine(bytes, at: offset - length)?.synced ?? 0
    }
}

extension RecordCounts {
    fileprivate mutating func add(_ other: RecordCounts) {
        records += other.records
        skipped += other.skipped
    }
}

extension PersistenceError {
    /// The alternative of restoring a copy, which lacks later writes.
    static func restoring(_ what: String, _ directory: String) -> String {
        "Or restore \(what). It lacks later revocations, so before the start run: "
            + "revoked check-log --new-epoch \(directory)"
    }

    /// - Parameter more: what makes the damage worse.
    static func damaged(_ path: String, _ error: FormatError, _ more: String? = nil) -> Self {
        let reason = [error.reason, more].compactMap { $0 }.joined(separator: ", ")
        let directory = path.split(separator: "/", omittingEmptySubsequences: false)
            .prefix { $0 != Manifest.directoryName }.joined(separator: "/")
        switch error.code {
        case .damaged:
            return PersistenceError(
                .damaged,
                "\(path) is damaged at byte \(error.offset): \(reason). Nothing was changed. "
                    + "Cut it there: revoked check-log \(directory) --repair. "
                    + Self.restoring("a copy of the whole directory", directory))
        case .unsupported:
            return PersistenceError(
                .unsupported,
                "\(path) contains at byte \(error.offset) data that revoked does not keep: \(reason). "
                    + "To skip it: --skip-unsupported")
        }
    }
}
