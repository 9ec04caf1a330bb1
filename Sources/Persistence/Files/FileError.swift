#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A system call that failed on a file.
package struct FileError: Error, Equatable, CustomStringConvertible {
    /// The system call: `write`, `fdatasync` …
    let operation: String
    let path: String
    /// The system's `errno`.
    let code: Int32
    /// What the system's description does not say.
    var detail: String?

    var isInUse: Bool { self == .inUse(path) }
    var isMissing: Bool { code == ENOENT }
    /// Whether the failure ends when there is room again.
    var isOutOfRoom: Bool { code == ENOSPC || code == EDQUOT }
    var isForbidden: Bool { code == EACCES || code == EPERM }

    /// The system's description, "No space left on device", unless there is a better one.
    var reason: String { detail ?? String(cString: strerror(code)) }

    package var description: String { "\(operation) \(path): \(reason)" }
}

extension FileError {
    /// Too little room is left; nothing was tried.
    static func noRoom(_ path: String, for bytes: Int, of room: Int) -> FileError {
        FileError(
            operation: "write", path: path, code: ENOSPC,
            detail: "a file of all entries needs \(bytes) bytes, and \(room) are free")
    }

    /// The file lost its name: it was removed, or its directory was.
    static func gone(_ path: String) -> FileError { FileError(operation: "find", path: path, code: ENOENT) }

    /// Another denylist is where the data directory was.
    static func replaced(_ directory: String) -> FileError {
        FileError(
            operation: "use", path: directory, code: EEXIST,
            detail: "the data directory was replaced by one that holds a denylist: move that one away, or restart")
    }

    /// Another process has locked the directory.
    static func inUse(_ directory: String) -> FileError {
        FileError(operation: "lock", path: directory, code: EWOULDBLOCK)
    }

    /// The daemon is ending.
    static let cancelled = FileError(operation: "write", path: "", code: ECANCELED)

    /// There is no log to write to.
    static let noLog = FileError(operation: "write", path: "log", code: EBADF)
}
