import Synchronization

/// `revoked.epoch` in the data directory: the denylist's identity, and how far its log is known to be on disk. The
/// epoch is in no log and no snapshot, so a server that loads those does not become this denylist.
///
/// The daemon's answers may be ahead of the file. ``settle()`` is called before anything that depends on it is written
/// to a log. So a log that lost writes never stands beside an epoch that clients have pinned.
///
/// Each write makes a new file, which replaces the old one and records its own birth time. A copy is noticed even if it
/// was written over the file, because the birth time then differs. ``renew(at:isLast:)`` ensures that a copy older than
/// a second is out of date. A hard link to the previous file shares its birth time, so the previous file is emptied.
final class EpochFile: Sendable {
    /// What the file says; locked while the disk works.
    private struct State {
        /// The log position to record in the file.
        var position = LogPosition.new
        /// The record in the file on disk, as far as it is known.
        var stored: EpochRecord?
        /// Whether the last ``renew(at:isLast:)`` failed.
        var hasFailed = false
    }

    let data: DataDirectory
    private let state = Mutex(State())
    /// The record that the daemon answers.
    private let wanted = Mutex<EpochRecord?>(nil)
    /// Whether the file may differ from what the daemon answers.
    private let isBehind = Atomic<Bool>(false)
    /// Whether the file exists at all: a denylist without a data directory has none.
    private let isKept = Atomic<Bool>(false)
    /// Whether the file records its birth time.
    private let hasBirth = Atomic<Bool>(true)

    static let name = "revoked.epoch"
    static let temporaryName = "temp-revoked.epoch"

    init(_ data: DataDirectory) { self.data = data }

    private var path: String { data.path(Self.name) }
    var files: any FileSystem { data.files }

    var exists: Bool {
        get throws(FileError) { try data.files.exists(path) }
    }

    /// Whether the file is kept: records passed to ``want(_:)`` must be written.
    var isInUse: Bool { isKept.load(ordering: .acquiring) }

    /// Whether a copy would be noticed: some file systems do not record birth times.
    var noticesCopies: Bool { !isInUse || hasBirth.load(ordering: .relaxed) }

    // MARK: Reading

    /// What was found in a data directory.
    struct Found {
        var contents: EpochFileContents
        /// Whether the file is a copy of the one that the daemon wrote.
        var isCopy: Bool
    }

    /// - Returns: nil if there is no file.
    /// - Throws: ``PersistenceError/Code/damaged`` with what to do.
    func read() throws(PersistenceError) -> Found? {
        let bytes: FileContents
        let birth: String?
        do throws(FileError) {
            guard try exists else { return nil }
            bytes = try data.files.contents(of: path)
            birth = try data.files.birth(of: path)
        } catch {
            throw PersistenceError(error)
        }
        do throws(FormatError) {
            let contents = try bytes.withBytes { bytes throws(FormatError) in try EpochFileContents(decoding: bytes) }
            // A file without a birth time came from a file system that has none, unless this one has none either.
            return Found(contents: contents, isCopy: contents.birth != birth)
        } catch {
            throw PersistenceError(
                .damaged,
                "\(path) is damaged at byte \(error.offset): \(error.reason). Nothing was changed. To keep what the "
                    + "log holds, under a new epoch: revoked check-log --new-epoch \(data.path)")
        }
    }

    // MARK: The record

    /// Sets the record that the daemon answers from now on. Never waits for the disk.
    func want(_ record: EpochRecord) {
        wanted.withLock { wanted in
            wanted = record
            if isInUse { isBehind.store(true, ordering: .releasing) }
        }
    }

    /// Writes the record that the daemon answers, durably.
    func settle() throws(FileError) {
        guard isBehind.load(ordering: .acquiring) else { return }
        try state.withLock { state throws(FileError) in
            // Another thread may have written it meanwhile.
            if isBehind.load(ordering: .acquiring) { try replace(&state) }
        }
    }

    /// ``settle()`` at the end of the process. Without room, the file that has the record already will do: the position
    /// in it is an earlier one, which holds for the log too.
    func settleLast() throws(FileError) {
        do throws(FileError) { try settle() } catch {
            let (stored, wanted) = (state.withLock { $0.stored }, wanted.withLock { $0 })
            guard error.isOutOfRoom, stored == wanted else { throw error }
        }
    }

    /// Begins to keep the file. If that fails, ``settle()`` tries it again.
    /// - Parameter stored: the record that the file was found with.
    func begin(_ record: EpochRecord, _ position: LogPosition, stored: EpochRecord? = nil) throws(FileError) {
        state.withLock { $0.stored = stored }
        wanted.withLock { wanted in
            wanted = record
            // From here on, all later records are written too.
            isKept.store(true, ordering: .releasing)
            isBehind.store(true, ordering: .releasing)
        }
        try move(to: position)
    }

    /// Begins to keep the file of a denylist that was in memory only, if that has not begun.
    func keep() throws(FileError) {
        guard !isInUse, let record = wanted.withLock({ $0 }) else { return }
        try begin(record, .memory)
    }

    // MARK: The position

    /// The log is about to be replaced by one that begins with the increment of this salt.
    /// - Returns: whether the file now holds for both logs. If not, ``move(to:)`` must follow before clients are
    ///   served.
    func expect(_ next: UInt64) throws(FileError) -> Bool {
        try state.withLock { state throws(FileError) in
            guard case .at(let salt, let offset, _) = state.position else { return false }
            state.position = .at(salt: salt, offset: offset, next: next)
            try replace(&state)
            return true
        }
    }

    /// The log has changed: a manifest on disk names the increment.
    func move(to position: LogPosition) throws(FileError) {
        try state.withLock { state throws(FileError) in
            state.position = position
            try replace(&state)
        }
    }

    /// The same within an increment: writes the file again if the log has grown. Called once a second.
    /// - Parameters:
    ///   - position: how far the log is on disk.
    ///   - isLast: whether nothing follows; then the file is always written.
    /// - Returns: the failure, if it was not reported yet. The previous file still holds for the log.
    func renew(at position: LogPosition?, isLast: Bool = false) -> FileError? {
        guard case .at(let salt, let offset, _)? = position else { return nil }
        return state.withLock { state in
            guard case .at(salt, let known, let next) = state.position, offset > known || isLast else { return nil }
            let before = state.position
            state.position = .at(salt: salt, offset: max(offset, known), next: next)
            do throws(FileError) { try replace(&state) } catch {
                state.position = before
                defer { state.hasFailed = true }
                return state.hasFailed ? nil : error
            }
            state.hasFailed = false
            return nil
        }
    }

    // MARK: Writing

    private func replace(_ state: inout State) throws(FileError) {
        guard let record = wanted.withLock({ $0 }) else { return }
        try data.requireOurs()
        var contents = EpochFileContents(record: record, position: state.position)
        let temporary = data.path(Self.temporaryName)
        let before = try exists ? data.files.append(to: path) : nil
        do throws(FileError) {
            let file = try data.files.create(temporary)
            contents.birth = try data.files.birth(of: temporary)
            try file.write(contents.encode().span.bytes)
            try file.synchronize(.epoch)
            // A failure from here on leaves either file.
            if state.stored != record { state.stored = nil }
            try data.files.rename(temporary, to: path)
        } catch {
            // It would take room on a full disk that the log needs.
            try? data.files.remove(temporary)
            throw error
        }
        try data.files.synchronize(directory: data.path, .epochName)
        state.stored = record
        try before?.empty()
        hasBirth.store(contents.birth != nil, ordering: .relaxed)
        // A record set meanwhile is still to be written.
        wanted.withLock { wanted in
            if wanted == record { isBehind.store(false, ordering: .releasing) }
        }
    }
}

extension OutputFile {
    /// Empties a file that was replaced, in case a hard link to it exists.
    fileprivate func empty() throws(FileError) {
        guard hasName else { return }
        try truncate(to: 0)
        try synchronize(.epoch)
    }
}
