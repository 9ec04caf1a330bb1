import Foundation
import RevocationHTTP

/// A file that only its owner may read: keys and accounts.
enum PrivateFile {
    /// The most that is read: a hundred thousand accounts fit.
    private static let maximumBytes = 64 << 20

    /// - Throws: ``NodeError/Code/unreadableFile``.
    static func read(_ path: String) throws(NodeError) -> Data {
        do throws(RegularFileError) { return try contents(of: path) } catch {
            throw NodeError(.unreadableFile, "cannot read \(path): \(error.message)")
        }
    }

    static func contents(of path: String) throws(RegularFileError) -> Data {
        try RegularFile.read(path, maximumBytes: maximumBytes)
    }

    /// Where a path leads: a symbolic link is not to be replaced, but what it names.
    /// - Throws: ``NodeError/Code/unwritableFile`` for a link that leads nowhere.
    static func target(of path: String) throws(NodeError) -> String {
        if let target = realpath(path, nil) {
            defer { free(target) }
            return String(cString: target)
        }
        guard (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil else {
            throw NodeError(.unwritableFile, "\(path) is a symbolic link that leads nowhere")
        }
        return path
    }

    /// Waits until nobody else holds the lock of the directory of `path`: the file itself is replaced by each write.
    /// - Returns: a descriptor; closing it gives the lock back.
    /// - Throws: ``NodeError/Code/unwritableFile``.
    static func lock(directoryOf path: String) throws(NodeError) -> Int32 {
        let directory = URL(filePath: path).deletingLastPathComponent().path
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw NodeError(.unwritableFile, "cannot open \(directory): \(String(cString: strerror(errno)))")
        }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                let cause = String(cString: strerror(errno))
                close(descriptor)
                throw NodeError(.unwritableFile, "cannot lock \(directory): \(cause)")
            }
        }
        return descriptor
    }

    /// Writes a file with mode 0600, whole or not at all.
    /// - Parameter replacing: whether a file that is already there is replaced; otherwise it is an error. It keeps its
    ///   owner if root replaces it: the node that reads it is somebody else.
    /// - Throws: ``NodeError/Code/unwritableFile``.
    static func write(_ data: Data, to path: String, replacing: Bool) throws(NodeError) {
        let target = replacing ? "\(path).\(UUID().uuidString.lowercased()).new" : path
        let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let cause = String(cString: strerror(errno))
            throw NodeError(.unwritableFile, "cannot create \(target): \(cause)")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        if replacing, geteuid() == 0, let old = try? FileManager.default.attributesOfItem(atPath: path),
            let owner = old[.ownerAccountID] as? Int, let group = old[.groupOwnerAccountID] as? Int,
            fchown(descriptor, uid_t(owner), gid_t(group)) != 0
        {
            unlink(target)
            throw NodeError(.unwritableFile, "cannot give \(target) the owner of \(path)")
        }
        do {
            try handle.write(contentsOf: data)
            try handle.synchronize()
            try handle.close()
        } catch {
            unlink(target)
            throw NodeError(.unwritableFile, "cannot write \(target)")
        }
        guard target == path || rename(target, path) == 0 else {
            unlink(target)
            throw NodeError(.unwritableFile, "cannot replace \(path)")
        }
    }

    /// Whether others than the owner may read a file.
    static func isExposed(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.posixPermissions] as? Int ?? 0) & 0o077 != 0
    }
}
