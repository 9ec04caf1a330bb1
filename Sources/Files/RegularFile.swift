package import Foundation

/// Reads a file named in a setting, without waiting. A pipe or a device in its place is refused: reading one without a
/// writer would block a thread for ever.
package enum RegularFile {
    /// - Throws: ``RegularFileError``, also for a file larger than `maximumBytes`.
    package static func read(_ path: String, maximumBytes: Int) throws(RegularFileError) -> Data {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw RegularFileError(errno) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw RegularFileError(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw RegularFileError(isMissing: false, message: "it is not a regular file")
        }
        // A growing file may be read in part. Its parser notices that.
        guard let data = try? handle.read(upToCount: maximumBytes + 1) ?? Data() else {
            throw RegularFileError(isMissing: false, message: "an error while reading")
        }
        guard data.count <= maximumBytes else {
            throw RegularFileError(isMissing: false, message: "it is larger than \(maximumBytes) bytes")
        }
        return data
    }

    /// - Throws: ``RegularFileError`` if nothing is at `path`, or it may not be accessed.
    package static func isDirectory(_ path: String) throws(RegularFileError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { throw RegularFileError(errno) }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether every user of the machine may read a file; false for what is no file. A group may be meant to: so do
    /// Kubernetes and systemd hand secrets over.
    package static func isExposed(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_mode & S_IROTH != 0
    }

    /// Whether anyone may write to a file.
    package static func isWritableByOthers(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IWOTH != 0
    }
}

/// Why a file could not be read.
package struct RegularFileError: Error {
    /// Whether the file does not exist.
    package let isMissing: Bool
    package let message: String

    package init(isMissing: Bool, message: String) {
        self.isMissing = isMissing
        self.message = message
    }

    init(_ code: Int32) {
        self.init(isMissing: code == ENOENT || code == ENOTDIR, message: String(cString: strerror(code)))
    }
}
