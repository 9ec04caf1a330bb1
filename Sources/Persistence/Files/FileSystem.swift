/// What persistence asks of a file system, and no more: a simulated one has to tell what a power loss may take.
///
/// Paths are plain; every call that touches the disk may fail, and nothing is retried.
protocol FileSystem: Sendable {
    /// Whether there is a file or a directory of this name.
    func exists(_ path: String) throws(FileError) -> Bool
    /// The names in a directory, without `.` and `..`, in no order.
    func list(_ directory: String) throws(FileError) -> [String]
    /// Makes a directory that only its owner may enter. It must not exist.
    func makeDirectory(_ path: String) throws(FileError)
    /// Creates a file that only its owner may read; one that is there is emptied.
    func create(_ path: String) throws(FileError) -> any OutputFile
    /// Opens a file that is there, to write behind its end.
    func append(to path: String) throws(FileError) -> any OutputFile
    func contents(of path: String) throws(FileError) -> FileContents
    /// Writes over the beginning of a file, which is created if need be.
    /// - Parameter point: makes that durable.
    func overwrite(_ path: String, with bytes: RawSpan, _ point: SyncPoint) throws(FileError)
    /// Gives a file or directory another name, in the place of the file or empty directory that bears it now.
    func rename(_ path: String, to target: String) throws(FileError)
    func remove(_ path: String) throws(FileError)
    /// Makes names in this directory durable: creations, renames and removals.
    func synchronize(directory: String, _ point: SyncPoint) throws(FileError)
    /// When the file came to be, as a word: no copy of a file has that of the original, and renaming keeps it.
    /// - Returns: nil if the file system does not say.
    func birth(of path: String) throws(FileError) -> String?
    /// About how many bytes files in this directory may still take: never less than that.
    func room(at path: String) throws(FileError) -> Int
    /// Takes the lock of a file, which is created if need be; it is free again when the result is let go, or the
    /// process ends in any way.
    /// - Returns: nil if another process has it.
    func lock(_ path: String) throws(FileError) -> (any FileLock)?
    /// Takes the lock of a directory that is there, likewise. Where the file system locks no directories the result
    /// keeps nobody out.
    /// - Returns: nil if another process has it.
    func lock(directory: String) throws(FileError) -> (any FileLock)?
}

/// A file that grows at its end. Used by one thread at a time.
protocol OutputFile: AnyObject, Sendable {
    /// In bytes.
    var size: Int { get }
    /// Appends all of `bytes`; when it throws, some of them may be there.
    func write(_ bytes: RawSpan) throws(FileError)
    /// Cuts off what is behind `size`.
    func truncate(to size: Int) throws(FileError)
    /// Writes what is there from `offset` on once more. An fdatasync that failed for a process before this one has left
    /// the system with bytes that it takes for written and that are not on disk: only writing them again helps.
    func refresh(from offset: Int) throws(FileError)
    /// Makes everything written durable. After it has thrown once, nothing that was written is to be relied on.
    func synchronize(_ point: SyncPoint) throws(FileError)
    /// Lets the disk begin with what was written, so that ``synchronize(_:)`` has less to wait for. Promises nothing.
    func relieve() throws(FileError)
    /// Whether the file still bears this name: somebody may have removed it, or its directory.
    func isStill(at path: String) -> Bool
    /// Whether the file has any name: one whose name was given to another file may have a hard link.
    var hasName: Bool { get }
}

/// A lock that is held until it is released, or let go.
protocol FileLock: AnyObject, Sendable {
    func release()
    /// Whether what is locked still bears this name: else it keeps nobody out.
    func isStill(at path: String) -> Bool
}

/// Each place where something has to be durable before the next step may be taken. A test takes out one at a time and
/// sees acknowledged writes go.
enum SyncPoint: Sendable, CaseIterable {
    /// A batch of records, before they are acknowledged.
    case batch
    /// The first line of a new increment, before a manifest names it.
    case head
    /// The rest of an increment, before another one takes over.
    case increment
    /// A new base file, before a manifest names it.
    case base
    /// A new manifest, before it takes the name of the old one.
    case manifest
    /// The names of new files, before a manifest names them.
    case newNames
    /// The name of the new manifest, before files that only the old one names are removed.
    case manifestName
    /// The name of a new log directory, before anything in it is acknowledged.
    case logDirectoryName
    /// The name of the data directory itself.
    case dataDirectoryName
    /// The mark that says that acknowledged writes may be missing, before any is acknowledged unsynced.
    case markName
    /// The removal of that mark, so that a power loss does not bring it back.
    case markRemoval
    /// What recovery read and cut, before it is served: whoever ended the process may have done so before the sync.
    case recoveredTail
    /// The names that recovery went by, before it removes any.
    case recoveredNames
    /// The file with the epoch, before it takes the name of the old one.
    case epoch
    /// The name of the file with the epoch, before anything is written that rests on it; and that of the log directory
    /// that recovery found, before it is served.
    case epochName
    /// A `dump.rdb`, before it takes the name of the old one.
    case dump
    /// The name of the `dump.rdb`, before `SAVE` is answered.
    case dumpName
    /// A checkpoint of the clocks, before a time is answered that only it covers.
    case clock
    /// The name of the file that it is in.
    case clockName
}
