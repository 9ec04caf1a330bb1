import Synchronization

/// The daemon's directory, which one process at a time uses.
struct DataDirectory: Sendable {
    let files: any FileSystem
    let path: String
    /// Held until ``release()``, or the process ends; nil if it was not taken.
    private let lock: SharedLock

    private static let lockName = "revoked.lock"
    private static let markName = "revoked.doubt"
    static let dumpName = "dump.rdb"
    static let temporaryDumpName = "temp-dump.rdb"
    /// The log of Redis before version 7.
    static let oldLogName = "appendonly.aof"

    private final class SharedLock: Sendable {
        let held = Mutex<Held?>(nil)
        /// Whether the mark exists, or may exist.
        let isMarked = Atomic<Bool>(false)
    }

    /// The directory itself is locked, because a file in it may be removed while another process starts.
    private struct Held {
        var directory: any FileLock
        /// Keeps out earlier releases, which lock only this file.
        var file: any FileLock
    }

    init(_ path: String, _ files: any FileSystem) {
        self.files = files
        self.path = path
        lock = SharedLock()
    }

    /// Makes the directory if need be, and locks it.
    func open() throws(PersistenceError) {
        do throws(FileError) { try acquire() } catch { throw PersistenceError(error) }
    }

    private var lockPath: String { "\(path)/\(Self.lockName)" }

    /// Whether another directory has the path of the one that is held, or none has.
    private var isElsewhere: Bool {
        lock.held.withLock { held in held.map { !$0.directory.isStill(at: path) } ?? false }
    }

    /// Throws if another directory has the path of the one that is held: its files are not ours to change.
    func requireOurs() throws(FileError) {
        if isElsewhere { throw .gone(path) }
    }

    /// Opens the directory again, in case it was removed or moved, or another file system was mounted over it. The lock
    /// of a directory that still has its path is kept.
    ///
    /// A moved directory holds a log with a valid epoch, which later writes will not reach. It is marked before its
    /// lock is dropped. A directory that holds another denylist is refused, and the lock is kept.
    /// - Parameter leave: called before another directory is used: nothing more may be written to the one that is held.
    func acquire(leaving leave: () -> Void = {}) throws(FileError) {
        let leaves = isElsewhere
        if leaves { leave() }
        try lock.held.withLock { held throws(FileError) in
            let isOurs = held?.directory.isStill(at: path) ?? false
            let isFileOurs = held?.file.isStill(at: lockPath) ?? false
            if isOurs, isFileOurs { return }
            // Moved since `leave` was due.
            guard isOurs || leaves || held == nil else { throw .gone(path) }
            if try !files.exists(path) { try files.makeDirectory(path) }
            do throws(FileError) {
                // Always: the process that made it may have ended before its name was on disk.
                try files.synchronize(directory: Self.parent(of: path), .dataDirectoryName)
            } catch {
                // A parent that we may not read was not made by us.
                guard error.isForbidden else { throw error }
            }
            guard let directory = isOurs ? held?.directory : try files.lock(directory: path) else { throw .inUse(path) }
            if leaves, !isOurs, try holdsDenylist { throw .replaced(path) }
            guard let file = isFileOurs ? held?.file : try files.lock(lockPath) else { throw .inUse(path) }
            if leaves, !isOurs, let left = held?.directory { try markMoved(left) }
            held = Held(directory: directory, file: file)
        }
    }

    private var holdsDenylist: Bool {
        get throws(FileError) {
            for name in [EpochFile.name, Self.dumpName, Self.oldLogName] where try files.exists(path(name)) {
                return true
            }
            let log = path(Manifest.directoryName)
            if try files.exists(log), try !files.list(log).isEmpty { return true }
            return try ForeignLog.manifest(in: self) != nil
        }
    }

    /// Marks a directory that is not at the path any more. One that was removed needs no mark.
    private func markMoved(_ directory: any FileLock) throws(FileError) {
        // Should the next step fail and the directory come back, the mark is there.
        let wasMarked = lock.isMarked.exchange(true, ordering: .relaxed)
        do throws(FileError) {
            try directory.place(Self.markName, "the daemon went on in another directory".utf8.span.bytes)
        } catch {
            guard error.isMissing else { throw error }
            lock.isMarked.store(wasMarked, ordering: .relaxed)
        }
    }

    /// Unlocks the directory for other processes.
    func release() {
        lock.held.withLock { held in
            held?.file.release()
            held?.directory.release()
            held = nil
        }
    }

    /// The directory around a path; trailing slashes do not count.
    static func parent(of path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Removes unfinished files that a crash left.
    func sweep() {
        for name in [Self.temporaryDumpName, EpochFile.temporaryName] { try? files.remove(path(name)) }
    }

    // MARK: The mark of an unclean end

    /// Whether an end of the process now would leave the mark, or might. Never waits for the disk.
    var isMarked: Bool { lock.isMarked.load(ordering: .relaxed) }

    /// Why acknowledged writes may be missing on disk; nil without the mark.
    func uncleanReason() throws(FileError) -> String? {
        guard try files.exists(path(Self.markName)) else { return nil }
        lock.isMarked.store(true, ordering: .relaxed)
        let reason = try files.contents(of: path(Self.markName)).withBytes { bytes in
            String(decoding: bytes.withUnsafeBytes { $0.prefix { $0 >= 0x20 } }, as: UTF8.self)
        }
        return reason.isEmpty ? "acknowledged writes may be missing" : reason
    }

    /// Marks the directory: from here on, acknowledged writes may be missing on disk. Without room the mark is empty,
    /// which says the same. If it throws, nothing may go missing, and it leaves no mark that was not there before.
    /// - Returns: whether there was no mark before.
    @discardableResult
    func markUnclean(_ reason: String) throws(FileError) -> Bool {
        try requireOurs()
        let isThere = try files.exists(path(Self.markName))
        let wasMarked = lock.isMarked.exchange(true, ordering: .relaxed)
        do throws(FileError) {
            if !isThere { try createMark(reason) }
            try files.synchronize(directory: path, .markName)
        } catch {
            if !isThere, (try? removeMark()) != nil { lock.isMarked.store(wasMarked, ordering: .relaxed) }
            throw error
        }
        return !isThere
    }

    private func createMark(_ reason: String) throws(FileError) {
        let file = try files.create(path(Self.markName))
        do throws(FileError) { try file.write(reason.utf8.span.bytes) } catch {
            guard error.isOutOfRoom else { throw error }
        }
    }

    private func removeMark() throws(FileError) {
        if try files.exists(path(Self.markName)) { try files.remove(path(Self.markName)) }
        try files.synchronize(directory: path, .markRemoval)
    }

    /// Removes the mark: everything acknowledged is on disk. A power loss must not bring it back, or an operator would
    /// have to accept a new epoch for nothing.
    func clearUnclean() throws(FileError) {
        guard isMarked else { return }
        try requireOurs()
        try removeMark()
        lock.isMarked.store(false, ordering: .relaxed)
    }
}
