/// The file-system calls of persistence, and no more: the simulated disk must know what a power loss may take.
///
/// Paths are plain. Every call that touches the disk may fail, and none is retried.
protocol FileSystem: Sendable {
    /// Whether there is a file or a directory of this name.
    func exists(_ path: String) throws(FileError) -> Bool
    /// The names in a directory, without `.` and `..`, in no order.
    func list(_ directory: String) throws(FileError) -> [String]
    /// Makes a directory with permissions 0700. It must not exist.
    func makeDirectory(_ path: String) throws(FileError)
    /// Creates a file with permissions 0600. An existing file is emptied.
    /// - Parameter laterPath: its path when its directory has been renamed, by which errors name it.
    func create(_ path: String, laterPath: String) throws(FileError) -> any OutputFile
    /// Opens an existing file for appending.
    func append(to path: String) throws(FileError) -> any OutputFile
    func contents(of path: String) throws(FileError) -> FileContents
    /// Opens an existing file for reading while it grows.
    func read(_ path: String) throws(FileError) -> any InputFile
    /// Overwrites the beginning of a file, which is created if need be, and makes that durable.
    /// - Parameter point: names the sync in tests.
    func overwrite(_ path: String, with bytes: RawSpan, _ point: SyncPoint) throws(FileError)
    /// Renames a file or directory, and replaces a file or an empty directory of the new name.
    func rename(_ path: String, to target: String) throws(FileError)
    func remove(_ path: String) throws(FileError)
    /// Makes creations, renames and removals in this directory durable.
    func synchronize(directory: String, _ point: SyncPoint) throws(FileError)
    /// The file's birth time, as a word. A copy has another one, and renaming keeps it.
    /// - Returns: nil if the file system does not record it.
    func birth(of path: String) throws(FileError) -> String?
    /// How many bytes files in this directory may still take, at least.
    func room(at path: String) throws(FileError) -> Int
    /// Locks a file, which is created if need be. The lock ends with the last reference to the result, or with the
    /// process.
    /// - Returns: nil if another process holds the lock.
    func lock(_ path: String) throws(FileError) -> (any FileLock)?
    /// Locks an existing directory, likewise. On a file system that cannot lock directories, the lock excludes no
    /// process.
    /// - Returns: nil if another process holds the lock.
    func lock(directory: String) throws(FileError) -> (any FileLock)?
}

extension FileSystem {
    func create(_ path: String) throws(FileError) -> any OutputFile { try create(path, laterPath: path) }
}

/// A file that is read while it grows. It stays readable when its name is gone.
package protocol InputFile: AnyObject, Sendable {
    /// In bytes, as it is now.
    var size: Int { get }
    /// - Returns: at most `count` bytes from `offset` on; fewer at the end of the file.
    func read(at offset: Int, _ count: Int) throws(FileError) -> [UInt8]
}

/// A file that grows at its end. Used by one thread at a time.
protocol OutputFile: AnyObject, Sendable {
    /// In bytes.
    var size: Int { get }
    /// Appends all of `bytes`. When it throws, a part of them may have been written.
    func write(_ bytes: RawSpan) throws(FileError)
    /// Cuts off the bytes after `size`.
    func truncate(to size: Int) throws(FileError)
    /// Writes the bytes from `offset` on again. After an fdatasync failed for an earlier process, the system takes
    /// bytes for written that are not on disk. Only writing them again helps.
    func refresh(from offset: Int) throws(FileError)
    /// Makes everything written durable. After it has thrown once, none of the bytes written can be relied on.
    func synchronize(_ point: SyncPoint) throws(FileError)
    /// Starts writing to the disk, so ``synchronize(_:)`` has less to wait for. Promises nothing.
    func relieve() throws(FileError)
    /// Whether the file still has this name: it, or its directory, may have been removed.
    func isStill(at path: String) -> Bool
    /// Whether the file has any name. A file whose name was given to another may have a hard link.
    var hasName: Bool { get }
}

/// A lock that is held until it is released, or until its last reference is gone.
protocol FileLock: AnyObject, Sendable {
    func release()
    /// Whether the locked file still has this name. If not, the lock excludes no process.
    func isStill(at path: String) -> Bool
    /// Creates or replaces a small file in the locked directory, whatever the directory's name is now, durably. Without
    /// room the file is empty.
    func place(_ name: String, _ bytes: RawSpan) throws(FileError)
}

/// Each place that must be durable before the next step. A test omits one at a time and sees acknowledged writes lost.
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
    /// The bytes that recovery read and cut, before they are served: their writer may have ended before its sync.
    case recoveredTail
    /// The names that recovery relied on, before it removes any.
    case recoveredNames
    /// The file with the epoch, before it takes the name of the old one.
    case epoch
    /// The name of the epoch's file, before anything that depends on it is written. Also the name of the log directory
    /// that recovery found, before it is served.
    case epochName
    /// A `dump.rdb`, before it takes the name of the old one.
    case dump
    /// The name of the `dump.rdb`, before `SAVE` is answered.
    case dumpName
    /// A checkpoint of the clocks, before a time that only it covers is answered.
    case clock
    /// The name of the checkpoint's file.
    case clockName
    /// The longest lease that is promised, before it is.
    case leases
    /// The name of that file.
    case leasesName
    /// Where stretches of the log end, before the log goes on.
    case stream
    /// The name of that file, or its removal.
    case streamName
    /// That an import has ended, before `REPLICAOF NO ONE` is answered.
    case imported
    /// The name of that file.
    case importedName
}
