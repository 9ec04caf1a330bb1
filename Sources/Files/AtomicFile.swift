package import Foundation

/// Replaces a file as a whole: another one is written beside it, synced, and takes its name. Only its owner may read
/// it.
package enum AtomicFile {
    /// - Parameter keepsOwner: whether the file keeps its owner if root replaces it.
    /// - Throws: ``RegularFileError``; the file is as it was then.
    package static func replace(
        _ path: String, with bytes: some ContiguousBytes, keepsOwner: Bool = false
    ) throws(RegularFileError) {
        // No other writer has the same name, whatever its process number: a container gives the same one to all.
        let draft = path + draftMark + String(UInt64.random(in: 0 ... .max), radix: 16)
        try write(bytes, to: draft, ownerOf: keepsOwner ? path : nil)
        guard rename(draft, path) == 0 else {
            let error = RegularFileError(errno)
            unlink(draft)
            throw error
        }
        try syncFolder(of: path)
    }

    /// Writes a file that does not exist.
    /// - Throws: ``RegularFileError``; there is no file then, or the old one.
    package static func create(_ path: String, with bytes: some ContiguousBytes) throws(RegularFileError) {
        try write(bytes, to: path, ownerOf: nil)
        try syncFolder(of: path)
    }

    /// The file that a path leads to: a write replaces a symbolic link's target, not the link.
    /// - Throws: ``RegularFileError`` for a link that leads nowhere.
    package static func target(of path: String) throws(RegularFileError) -> String {
        if let target = realpath(path, nil) {
            defer { free(target) }
            return String(cString: target)
        }
        let error = RegularFileError(errno)
        guard (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil else { throw error }
        return path
    }

    // MARK: Several writers

    /// Runs `body` while no other process, and no other thread, that asks for the lock of a file has it.
    /// - Parameters:
    ///   - maximumTries: how often the lock is asked for, 100 times a second: for 10 s.
    ///   - failure: makes the error of what keeps the lock from it.
    package static func withLock<Value, Failure>(
        of path: String, maximumTries: Int = 1000, _ body: () throws(Failure) -> Value,
        failure: (RegularFileError) -> Failure
    ) throws(Failure) -> Value {
        let lock: WriterLock
        do throws(RegularFileError) {
            lock = try WriterLock(besides: path, in: folder(of: path), maximumTries: maximumTries)
        } catch { throw failure(error) }
        defer { lock.release() }
        return try body()
    }

    /// Removes what writers of a file have left that were killed. To be called under the lock.
    package static func removeDrafts(of path: String) {
        let folder = folder(of: path)
        let prefix = URL(filePath: path).lastPathComponent + draftMark
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix) {
            let rest = name.dropFirst(prefix.count)
            if (1...16).contains(rest.count), rest.allSatisfy(\.isHexDigit) { unlink("\(folder)/\(name)") }
        }
    }

    private static let draftMark = ".tmp-"

    // MARK: Steps

    private static func write(
        _ bytes: some ContiguousBytes, to path: String, ownerOf model: String?
    ) throws(RegularFileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw RegularFileError(errno) }
        var cause = fchmod(descriptor, 0o600) == 0 ? 0 : errno
        if cause == 0, let model { cause = give(descriptor, ownerOf: model) }
        if cause == 0 { cause = write(bytes, to: descriptor) }
        if cause == 0, fsync(descriptor) != 0 { cause = errno }
        if close(descriptor) != 0, cause == 0 { cause = errno }
        guard cause == 0 else {
            unlink(path)
            throw RegularFileError(cause)
        }
    }

    /// - Returns: the system's error, or 0.
    private static func write(_ bytes: some ContiguousBytes, to descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = Foundation.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count < 0 ? errno : EIO }
                written += count
            }
            return 0
        }
    }

    /// Who reads the file may be another user than root, who writes it.
    static func give(_ descriptor: Int32, ownerOf path: String) -> Int32 {
        guard geteuid() == 0, let old = try? FileManager.default.attributesOfItem(atPath: path),
            let owner = old[.ownerAccountID] as? Int, let group = old[.groupOwnerAccountID] as? Int
        else { return 0 }
        return fchown(descriptor, uid_t(owner), gid_t(group)) == 0 ? 0 : errno
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func syncFolder(of path: String) throws(RegularFileError) {
        let descriptor = open(folder(of: path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw RegularFileError(errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw RegularFileError(errno) }
    }
}
