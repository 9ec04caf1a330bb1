package import Foundation

/// Reads a file that somebody named in a setting. Never waits: a pipe or a device in its place is refused, not opened
/// for reading, since one that nobody writes to would hold a thread for ever.
package enum RegularFile {
    /// - Throws: ``RegularFileError``, also for one that is larger than `maximumBytes`.
    package static func read(_ path: String, maximumBytes: Int) throws(RegularFileError) -> Data {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw RegularFileError(errno) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw RegularFileError(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw RegularFileError(isMissing: false, message: "it is not a regular file")
        }
        // On a file that is growing this may be less than all of it: what is missing then is noticed by who parses it.
        guard let data = try? handle.read(upToCount: maximumBytes + 1) ?? Data() else {
            throw RegularFileError(isMissing: false, message: "an error while reading")
        }
        guard data.count <= maximumBytes else {
            throw RegularFileError(isMissing: false, message: "it is larger than \(maximumBytes) bytes")
        }
        return data
    }

    /// - Throws: ``RegularFileError`` if there is nothing at `path`, or nobody may look.
    package static func isDirectory(_ path: String) throws(RegularFileError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { throw RegularFileError(errno) }
        return status.st_mode & S_IFMT == S_IFDIR
    }
}

/// Why a file could not be read.
package struct RegularFileError: Error {
    /// Whether there is no such file, rather than one that cannot be read.
    package let isMissing: Bool
    package let message: String

    init(isMissing: Bool, message: String) {
        self.isMissing = isMissing
        self.message = message
    }

    init(_ code: Int32) {
        self.init(isMissing: code == ENOENT || code == ENOTDIR, message: String(cString: strerror(code)))
    }
}
