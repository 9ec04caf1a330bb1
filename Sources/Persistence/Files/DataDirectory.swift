import Synchronization

/// The daemon's directory: one process at a time works in it.
struct DataDirectory: Sendable {
    let files: any FileSystem
    let path: String
    /// Held until ``release()``, or the process ends; nil if it was not taken.
    private let lock: SharedLock

    private static let lockName = "revoked.lock"
    private static let doubtName = "revoked.doubt"
    static let dumpName = "dump.rdb"
    /// What Redis before version 7 wrote.
    static let oldLogName = "appendonly.aof"

    private final class SharedLock: Sendable {
        let held = Mutex<(any FileLock)?>(nil)
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

    /// As ``open()``, once more: somebody may have removed the directory. The lock of one that is still there stays.
    func acquire() throws(FileError) {
        try lock.held.withLock { held throws(FileError) in
            if let held, held.isStill(at: lockPath) { return }
            if try !files.exists(path) { try files.makeDirectory(path) }
            do throws(FileError) {
                // Always: whoever made it may have been ended before its name was on disk.
                try files.synchronize(directory: Self.parent(of: path), .dataDirectoryName)
            } catch {
                // It may be hidden from us; then it was not ours to make.
                guard error.isForbidden else { throw error }
            }
            guard let new = try files.lock(lockPath) else { throw .inUse(path) }
            held = new
        }
    }

    /// Another process may use the directory.
    func release() {
        lock.held.withLock { held in
            held?.release()
            held = nil
        }
    }

    private static func parent(of path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    // MARK: Doubt

    /// Why acknowledged writes may be missing from what is on disk, if they may: then the denylist needs a new epoch.
    func doubt() throws(FileError) -> String? {
        guard try files.exists(path(Self.doubtName)) else { return nil }
        let reason = try files.contents(of: path(Self.doubtName)).withBytes { bytes in
            String(decoding: bytes.withUnsafeBytes { $0.prefix { $0 >= 0x20 } }, as: UTF8.self)
        }
        return reason.isEmpty ? "acknowledged writes may be missing" : reason
    }

    /// From here on what is on disk may lack acknowledged writes, whatever happens.
    func leaveDoubt(_ reason: String) throws(FileError) {
        if try !files.exists(path(Self.doubtName)) {
            try files.create(path(Self.doubtName)).write(reason.utf8.span.bytes)
        }
        try files.synchronize(directory: path, .doubtName)
    }

    /// Everything acknowledged is on disk. A crash may bring the doubt back, which costs a new epoch and nothing else.
    func endDoubt() throws(FileError) {
        guard try files.exists(path(Self.doubtName)) else { return }
        try files.remove(path(Self.doubtName))
    }
}
