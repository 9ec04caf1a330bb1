import Foundation

/// A file that only its owner may read: keys and accounts.
enum PrivateFile {
    /// The most that is read: a hundred thousand accounts fit.
    private static let maximumBytes = 64 << 20

    /// - Throws: ``NodeError/Code/unreadableFile``.
    static func read(_ path: String) throws(NodeError) -> Data {
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: maximumBytes + 1)
        else {
            throw NodeError(.unreadableFile, "cannot read \(path)")
        }
        guard data.count <= maximumBytes else {
            throw NodeError(.unreadableFile, "\(path) is larger than \(maximumBytes) bytes")
        }
        return data
    }

    /// Writes a file with mode 0600, whole or not at all.
    /// - Parameter replacing: whether a file that is already there is replaced; otherwise it is an error.
    /// - Throws: ``NodeError/Code/unwritableFile``.
    static func write(_ data: Data, to path: String, replacing: Bool) throws(NodeError) {
        let target = replacing ? "\(path).\(UUID().uuidString.lowercased()).new" : path
        let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let cause = String(cString: strerror(errno))
            throw NodeError(.unwritableFile, "cannot create \(target): \(cause)")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
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
