#if canImport(Glibc)
    import CLinux
    import Glibc
#else
    import Darwin
#endif

/// The file system of the machine.
struct SystemFiles: FileSystem {
    func exists(_ path: String) throws(FileError) -> Bool {
        var status = stat()
        if stat(path, &status) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else { throw .last("stat", path) }
        return false
    }

    func list(_ directory: String) throws(FileError) -> [String] {
        guard let stream = opendir(directory) else { throw .last("open", directory) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw .last("read", directory) }
        return names
    }

    func makeDirectory(_ path: String) throws(FileError) {
        guard mkdir(path, 0o700) == 0 else { throw .last("mkdir", path) }
        try Descriptor(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).giveToOwner(ofFolderOf: path)
    }

    func create(_ path: String, laterPath: String) throws(FileError) -> any OutputFile {
        try SystemOutputFile(path, O_CREAT | O_TRUNC, laterPath: laterPath)
    }

    func append(to path: String) throws(FileError) -> any OutputFile { try SystemOutputFile(path, 0, laterPath: path) }

    /// Maps the file. All of it is read once first: a read error in a mapping would end the process.
    func contents(of path: String) throws(FileError) -> FileContents {
        let descriptor = try Descriptor(path, O_RDONLY)
        var status = stat()
        guard fstat(descriptor.number, &status) == 0 else { throw .last("stat", path) }
        guard status.st_size > 0 else { return FileContents([]) }
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: Self.readSize, alignment: 4096)
        defer { buffer.deallocate() }
        var count: Int
        repeat {
            #if canImport(Glibc)
                count = Glibc.read(descriptor.number, buffer, Self.readSize)
            #else
                count = Darwin.read(descriptor.number, buffer, Self.readSize)
            #endif
        } while count > 0 || count < 0 && errno == EINTR
        guard count == 0 else { throw .last("read", path) }
        let size = Int(status.st_size)
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor.number, 0), address != MAP_FAILED
        else { throw .last("map", path) }
        return FileContents(mapped: UnsafeRawBufferPointer(start: address, count: size))
    }

    private static let readSize = 1 << 20

    func read(_ path: String) throws(FileError) -> any InputFile { try SystemInputFile(path) }

    func overwrite(_ path: String, with bytes: RawSpan, _ point: SyncPoint) throws(FileError) {
        let descriptor = try Descriptor(path, O_WRONLY | O_CREAT)
        let count = bytes.withUnsafeBytes { pwrite(descriptor.number, $0.baseAddress, $0.count, 0) }
        guard count == bytes.byteCount else { throw .last("write", path) }
        try descriptor.synchronize(path)
    }

    func rename(_ path: String, to target: String) throws(FileError) {
        #if canImport(Glibc)
            let result = Glibc.rename(path, target)
        #else
            let result = Darwin.rename(path, target)
        #endif
        guard result == 0 else { throw .last("rename", path) }
    }

    func remove(_ path: String) throws(FileError) {
        guard unlink(path) == 0 else { throw .last("unlink", path) }
    }

    func synchronize(directory: String, _ point: SyncPoint) throws(FileError) {
        let descriptor = try Descriptor(directory, O_RDONLY | O_DIRECTORY)
        guard fsync(descriptor.number) == 0 else { throw .last("fsync", directory) }
    }

    func birth(of path: String) throws(FileError) -> String? {
        #if canImport(Glibc)
            var (seconds, nanoseconds): (Int64, UInt32) = (0, 0)
            switch clinux_birth(path, &seconds, &nanoseconds) {
            case 1: return "\(seconds).\(nanoseconds)"
            case 0: return nil
            default: throw .last("statx", path)
            }
        #else
            var status = stat()
            guard stat(path, &status) == 0 else { throw .last("stat", path) }
            return "\(status.st_birthtimespec.tv_sec).\(status.st_birthtimespec.tv_nsec)"
        #endif
    }

    func room(at path: String) throws(FileError) -> Int {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw .last("statvfs", path) }
        // Some file systems do not say.
        guard status.f_blocks > 0 else { return .max }
        // Without the room that only root may use a daemon that runs as root would wait for ever.
        let blocks = geteuid() == 0 ? status.f_bfree : status.f_bavail
        let (bytes, overflow) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int(clamping: bytes)
    }

    func lock(_ path: String) throws(FileError) -> (any FileLock)? {
        let descriptor = try Descriptor(path, O_RDWR | O_CREAT)
        guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw .last("lock", path) }
            return nil
        }
        return descriptor
    }

    func lock(directory: String) throws(FileError) -> (any FileLock)? {
        let descriptor = try Descriptor(directory, O_RDONLY | O_DIRECTORY)
        // NFS, for one, locks only files that are open for writing, which no directory is.
        if flock(descriptor.number, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { return nil }
        return descriptor
    }
}

/// An open file descriptor, closed with its last reference.
private final class Descriptor: FileLock {
    let number: Int32

    /// No link is followed to a file that is written: the directory's owner could have root write or give away another.
    /// - Parameter directory: where a relative path begins.
    init(_ path: String, _ flags: Int32, in directory: Int32 = AT_FDCWD) throws(FileError) {
        guard flags & O_ACCMODE != O_RDONLY else {
            number = openat(directory, path, flags | O_CLOEXEC)
            guard number >= 0 else { throw .last("open", path) }
            return
        }
        let flags = flags | O_CLOEXEC | O_NOFOLLOW
        if flags & O_CREAT != 0 {
            let made = openat(directory, path, flags | O_EXCL, 0o600)
            guard made < 0 else {
                number = made
                giveToOwner(ofFolderOf: path, in: directory)
                return
            }
        }
        number = openat(directory, path, flags, 0o600)
        guard number >= 0 else { throw .last("open", path) }
    }

    /// What root has just made belongs to the owner of the directory around it: a daemon that is another user's could
    /// not use it, after `check-log` for instance.
    func giveToOwner(ofFolderOf path: String, in directory: Int32 = AT_FDCWD) {
        guard geteuid() == 0 else { return }
        var (around, own) = (stat(), stat())
        guard fstatat(directory, DataDirectory.parent(of: path), &around, 0) == 0, fstat(number, &own) == 0,
            own.st_uid == 0, around.st_uid != 0
        else { return }
        // A file system without owners has none to give it to.
        _ = fchown(number, around.st_uid, around.st_gid)
    }

    deinit { close(number) }

    /// Makes everything written to the file durable.
    func synchronize(_ path: String) throws(FileError) {
        #if canImport(Glibc)
            guard fdatasync(number) == 0 else { throw .last("fdatasync", path) }
        #else
            guard fcntl(number, F_FULLFSYNC) != -1 else { throw .last("fdatasync", path) }
        #endif
    }

    func release() { _ = flock(number, LOCK_UN) }

    func place(_ name: String, _ bytes: RawSpan) throws(FileError) {
        let file = try Descriptor(name, O_WRONLY | O_CREAT | O_TRUNC, in: number)
        do throws(FileError) {
            let count = bytes.withUnsafeBytes { pwrite(file.number, $0.baseAddress, $0.count, 0) }
            guard count >= 0 else { throw .last("write", name) }
            try file.synchronize(name)
        } catch {
            guard error.isOutOfRoom else { throw error }
        }
        guard fsync(number) == 0 else { throw .last("fsync", name) }
    }

    /// Whether the open file still has this name.
    func isStill(at path: String) -> Bool {
        var named = stat()
        return stat(path, &named) == 0 && isSame(as: named)
    }

    func isSame(as other: Descriptor) -> Bool {
        var file = stat()
        return fstat(other.number, &file) == 0 && isSame(as: file)
    }

    private func isSame(as other: stat) -> Bool {
        var open = stat()
        return fstat(number, &open) == 0 && other.st_ino == open.st_ino && other.st_dev == open.st_dev
    }

    /// Whether the open file has any name. A failed call counts as yes.
    var hasName: Bool {
        var open = stat()
        return fstat(number, &open) != 0 || open.st_nlink > 0
    }
}

private final class SystemInputFile: InputFile {
    private let descriptor: Descriptor
    private let path: String

    init(_ path: String) throws(FileError) {
        self.path = path
        descriptor = try Descriptor(path, O_RDONLY)
    }

    var size: Int { max(0, Int(lseek(descriptor.number, 0, SEEK_END))) }

    func read(at offset: Int, _ count: Int) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor.number, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = .last("read", path) }
                guard got > 0 else { return }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

// @unchecked: one thread at a time uses it, as the protocol demands.
private final class SystemOutputFile: OutputFile, @unchecked Sendable {
    private let descriptor: Descriptor
    private let path: String
    private(set) var size: Int

    init(_ path: String, _ flags: Int32, laterPath: String) throws(FileError) {
        self.path = laterPath
        descriptor = try Descriptor(path, O_WRONLY | O_APPEND | flags)
        var status = stat()
        guard fstat(descriptor.number, &status) == 0 else { throw .last("stat", path) }
        size = Int(status.st_size)
    }

    func write(_ bytes: RawSpan) throws(FileError) {
        var done = 0
        while done < bytes.byteCount {
            let count = bytes.extracting(droppingFirst: done).withUnsafeBytes { rest in
                #if canImport(Glibc)
                    Glibc.write(descriptor.number, rest.baseAddress, min(rest.count, 1 << 30))
                #else
                    Darwin.write(descriptor.number, rest.baseAddress, min(rest.count, 1 << 30))
                #endif
            }
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                throw count < 0 ? .last("write", path) : FileError(operation: "write", path: path, code: ENOSPC)
            }
            done += count
            size += count
        }
    }

    func truncate(to size: Int) throws(FileError) {
        guard ftruncate(descriptor.number, off_t(size)) == 0 else { throw .last("truncate", path) }
        self.size = size
    }

    func synchronize(_ point: SyncPoint) throws(FileError) { try descriptor.synchronize(path) }

    func refresh(from offset: Int) throws(FileError) {
        // Another descriptor, because writes through this one always append.
        let other = try Descriptor(path, O_RDWR)
        guard other.isSame(as: descriptor) else { throw .gone(path) }
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: Self.refreshSize, alignment: 16)
        defer { buffer.deallocate() }
        var position = offset
        while position < size {
            let count = pread(other.number, buffer, min(Self.refreshSize, size - position), off_t(position))
            guard count > 0 else { throw .last("read", path) }
            guard pwrite(other.number, buffer, count, off_t(position)) == count else { throw .last("write", path) }
            position += count
        }
    }

    private static let refreshSize = 64 << 10

    func relieve() throws(FileError) {
        #if canImport(Glibc)
            guard fdatasync(descriptor.number) == 0 else { throw .last("fdatasync", path) }
        #endif
    }

    func isStill(at path: String) -> Bool { descriptor.isStill(at: path) }
    var hasName: Bool { descriptor.hasName }
}

extension FileError {
    /// The failure that the last system call of this thread left in `errno`.
    fileprivate static func last(_ operation: String, _ path: String) -> FileError {
        FileError(operation: operation, path: path, code: errno)
    }
}
