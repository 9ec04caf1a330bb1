import Foundation

/// The right to replace a file, which one writer at a time has. Its lock file lies beside the file, which each write
/// replaces. The folder is not locked: it may be the directory of a daemon, which holds that lock for life.
struct WriterLock {
    private let path: String
    private let descriptor: Int32

    /// Waits while another writer has the lock. A killed one leaves the lock file, but not the lock.
    init(besides file: String, in folder: String, maximumTries: Int) throws(RegularFileError) {
        path = "\(folder)/.\(file.split(separator: "/").last ?? "").lock"
        var isOthers = false
        for number in 1...maximumTries {
            if let descriptor = try Self.take(path, in: folder, &isOthers) {
                self.descriptor = descriptor
                return
            }
            if number < maximumTries { usleep(10_000) }
        }
        throw RegularFileError(
            isMissing: false,
            message: isOthers
                ? "\(path) belongs to another user: if no daemon or revoked command of theirs is writing, remove it"
                : "another daemon or revoked command has held \(path) for 10 s")
    }

    /// - Parameter isOthers: whether that is not known, because this user may not open the lock file.
    /// - Returns: nil while another writer has the lock.
    private static func take(
        _ path: String, in folder: String, _ isOthers: inout Bool
    ) throws(RegularFileError) -> Int32? {
        isOthers = false
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        var descriptor = open(path, flags | O_CREAT | O_EXCL, 0o600)
        if descriptor >= 0 {
            // Who owns the folder may be another user than root, and must be able to lock after root was killed.
            _ = AtomicFile.give(descriptor, ownerOf: folder)
        } else {
            guard errno == EEXIST else { throw RegularFileError(errno) }
            descriptor = open(path, flags)
            // Another user's is removed when that writer ends, but not if it was killed.
            isOthers = descriptor < 0 && errno == EACCES
            guard descriptor >= 0 || errno == ENOENT || isOthers else { throw RegularFileError(errno) }
        }
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let cause = errno
            close(descriptor)
            guard cause == EINTR || cause == EWOULDBLOCK else { throw RegularFileError(cause) }
            return nil
        }
        // The writer before this one has removed the file that was opened: the next one locks another.
        guard isStill(descriptor, at: path) else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
        var (named, opened) = (stat(), stat())
        return lstat(path, &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_ino == opened.st_ino
            && named.st_dev == opened.st_dev
    }

    /// Removes the file before it is unlocked: only the writer that has the lock removes it.
    func release() {
        unlink(path)
        close(descriptor)
    }
}
