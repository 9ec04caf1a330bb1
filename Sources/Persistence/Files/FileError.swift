#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A system call that failed on a file.
struct FileError: Error, Equatable, CustomStringConvertible {
    /// What was tried: `write`, `fdatasync` …
    let operation: String
    let path: String
    /// The system's `errno`.
    let code: Int32

    var isInUse: Bool { self == .inUse(path) }
    var isMissing: Bool { code == ENOENT }
    /// Whether it goes away by itself when there is room again.
    var isOutOfRoom: Bool { code == ENOSPC || code == EDQUOT }
    var isForbidden: Bool { code == EACCES || code == EPERM }

    /// What the system says of it: "No space left on device".
    var reason: String { String(cString: strerror(code)) }

    var description: String { "\(operation) \(path): \(reason)" }
}

extension FileError {
    /// What an `operation` that makes a file durable is called.
    static let synchronizing = "fdatasync"

    /// There is less room than is needed; nothing was tried.
    static func noRoom(_ path: String) -> FileError { FileError(operation: "write", path: path, code: ENOSPC) }

    /// The file bears its name no more: somebody removed it, or its directory.
    static func gone(_ path: String) -> FileError { FileError(operation: "find", path: path, code: ENOENT) }

    /// Another process has locked the directory.
    static func inUse(_ directory: String) -> FileError {
        FileError(operation: "lock", path: directory, code: EWOULDBLOCK)
    }

    /// The daemon is ending.
    static let cancelled = FileError(operation: "write", path: "", code: ECANCELED)

    /// There is no log to write to.
    static let noLog = FileError(operation: "write", path: "log", code: EBADF)
}
