import Synchronization

/// `revoked.epoch` in the data directory: the denylist's identity, and up to where its log is known to be on disk. It
/// stands in no log and no snapshot: what another server reads there does not make it this denylist.
///
/// What the daemon answers may be ahead of the file. ``settle()`` is called before anything is written to a log that
/// may rest on it: a log that has forgotten something never stands beside the epoch that clients pinned before.
///
/// Every write makes a new file, which takes the name of the old one and names its own birth. So a copy is noticed even
/// if it was written over the file: that keeps the birth of a file which the copy does not know. ``renew(at:isLast:)``
/// sees to it that no copy older than the last second knows the present one. A hard link of the file of before has its
/// birth; so that is emptied.
final class EpochFile: Sendable {
    /// What the file says; locked while the disk works.
    private struct State {
        /// What the file has to say of the log.
        var position = LogPosition.new
        /// Whether the last ``renew(at:isLast:)`` did.
        var hasFailed = false
    }

    private let data: DataDirectory
    private let state = Mutex(State())
    /// What the daemon answers.
    private let wanted = Mutex<EpochRecord?>(nil)
    /// Whether the file may say something else than the daemon.
    private let isBehind = Atomic<Bool>(false)
    /// Whether there is a file at all: a memory that has no data directory needs none.
    private let isKept = Atomic<Bool>(false)
    /// Whether the file names its birth.
    private let hasBirth = Atomic<Bool>(true)

    static let name = "revoked.epoch"
    static let temporaryName = "temp-revoked.epoch"

    init(_ data: DataDirectory) { self.data = data }

    private var path: String { data.path(Self.name) }

    var exists: Bool {
        get throws(FileError) { try data.files.exists(path) }
    }

    /// Whether the file is kept: what ``want(_:)`` is told has to be written.
    var isInUse: Bool { isKept.load(ordering: .acquiring) }

    /// Whether a copy would be noticed: some file systems do not say when a file came to be.
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
            // One that names none came from a file system that does not say, unless this one does not either.
            return Found(contents: contents, isCopy: contents.birth != birth)
        } catch {
            throw PersistenceError(
                .damaged,
                "\(path) is damaged at byte \(error.offset): \(error.reason). Nothing was changed. To go on with what the "
                    + "log holds, under a new epoch: revoked check-log --new-epoch \(data.path)")
        }
    }

    // MARK: The record

    /// The daemon answers this from now on. Never waits for the disk.
    func want(_ record: EpochRecord) {
        wanted.withLock { wanted in
            wanted = record
            if isInUse { isBehind.store(true, ordering: .releasing) }
        }
    }

    /// Makes the file say, durably, what the daemon answers.
    func settle() throws(FileError) {
        guard isBehind.load(ordering: .acquiring) else { return }
        try state.withLock { state throws(FileError) in
            // Somebody else may have seen to it meanwhile.
            if isBehind.load(ordering: .acquiring) { try replace(&state) }
        }
    }

    /// Begins to keep the file. If that fails, ``settle()`` tries it again.
    func begin(_ record: EpochRecord, _ position: LogPosition) throws(FileError) {
        wanted.withLock { wanted in
            wanted = record
            // From here on every other record is written, too.
            isKept.store(true, ordering: .releasing)
            isBehind.store(true, ordering: .releasing)
        }
        try move(to: position)
    }

    /// Begins to keep the file for what was memory only, if that has not begun.
    func keep() throws(FileError) {
        guard !isInUse, let record = wanted.withLock({ $0 }) else { return }
        try begin(record, .memory)
    }

    // MARK: The position

    /// The log is about to be another one, which begins with the increment of this salt.
    /// - Returns: whether the file is right of both logs now; else ``move(to:)`` has to follow before anyone is served.
    func expect(_ next: UInt64) throws(FileError) -> Bool {
        try state.withLock { state throws(FileError) in
            guard case .at(let salt, let offset, _) = state.position else { return false }
            state.position = .at(salt: salt, offset: offset, next: next)
            try replace(&state)
            return true
        }
    }

    /// The log has got there: a manifest on disk names the increment.
    func move(to position: LogPosition) throws(FileError) {
        try state.withLock { state throws(FileError) in
            state.position = position
            try replace(&state)
        }
    }

    /// The same within an increment: makes the file anew if the log has got further. Called once a second.
    /// - Parameters:
    ///   - position: up to where the log is on disk.
    ///   - isLast: whether nothing follows; then the file is new in any case.
    /// - Returns: why that failed, if that is news. The file of before is as right of the log as it was.
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
        var contents = EpochFileContents(record: record, position: state.position)
        let temporary = data.path(Self.temporaryName)
        let before = try exists ? data.files.append(to: path) : nil
        do throws(FileError) {
            let file = try data.files.create(temporary)
            contents.birth = try data.files.birth(of: temporary)
            try file.write(contents.encode().span.bytes)
            try file.synchronize(.epoch)
            try data.files.rename(temporary, to: path)
        } catch {
            // On a full disk it would take room that the log needs.
            try? data.files.remove(temporary)
            throw error
        }
        try data.files.synchronize(directory: data.path, .epochName)
        try before?.empty()
        hasBirth.store(contents.birth != nil, ordering: .relaxed)
        // What was wanted meanwhile is still to be written.
        wanted.withLock { wanted in
            if wanted == record { isBehind.store(false, ordering: .releasing) }
        }
    }
}

extension OutputFile {
    /// Takes away what other names of a file would lead to that has been replaced.
    fileprivate func empty() throws(FileError) {
        guard hasName else { return }
        try truncate(to: 0)
        try synchronize(.epoch)
    }
}
