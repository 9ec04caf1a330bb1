#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file of the log that is read while it grows. It stays readable when its name is gone.
package final class StreamFile: Sendable {
    private let descriptor: Int32
    private let path: String

    init(_ path: String) throws(FileError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(operation: "open", path: path, code: errno) }
    }

    deinit { close(descriptor) }

    /// In bytes, as it is now.
    package var size: Int {
        let end = lseek(descriptor, 0, SEEK_END)
        return max(0, Int(end))
    }

    /// - Returns: nil if it cannot be read.
    package func part(at offset: Int, _ count: Int) -> [UInt8]? { try? read(at: offset, count) }

    /// - Returns: at most `count` bytes from `offset` on; fewer at the end of the file.
    func read(at offset: Int, _ count: Int) throws(FileError) -> [UInt8] {
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                guard got > 0 else { return }
                filled += got
            }
        }
        if let failure { throw FileError(operation: "read", path: path, code: failure) }
        return bytes
    }
}
