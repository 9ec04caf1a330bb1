#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps the pinned epoch over restarts: one line, `revoked state 1 <epoch>`.
struct StateFile: Sendable {
    private static let mark = "revoked state 1 "
    /// Much longer than any file that is written.
    private static let maximumBytes = 4_096

    let path: String

    /// The epoch that it holds; nil if there is no such file yet.
    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if it cannot be read or is damaged: a pin is never
    ///   forgotten by accident.
    func load() throws(RevocationError) -> [UInt8]? {
        guard let bytes = try read() else { return nil }
        let mark = Array(Self.mark.utf8)
        let epoch = Array(bytes.dropFirst(mark.count).dropLast())
        guard bytes.starts(with: mark), bytes.last == UInt8(ascii: "\n"), Self.isEpoch(epoch) else {
            throw RevocationError(
                .invalidConfiguration,
                """
                the state file \(path) is damaged: it should be one line, \(Self.mark)<epoch>. Look which epoch the store \
                has and whether it has lost anything (revoked check says so), then delete the file or mend it
                """)
        }
        return epoch
    }

    /// Replaces the file atomically.
    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if it cannot be written.
    func save(_ epoch: [UInt8]) throws(RevocationError) {
        guard Self.isEpoch(epoch) else {
            throw RevocationError(.invalidConfiguration, "the store's epoch does not fit into the state file \(path)")
        }
        let draft = "\(path).\(getpid()).\(UInt64.random(in: .min ... .max)).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write", errno) }
        var cause = Self.write(Array(Self.mark.utf8) + epoch + [UInt8(ascii: "\n")], to: descriptor)
        if cause == 0, fsync(descriptor) != 0 { cause = errno }
        if close(descriptor) != 0, cause == 0 { cause = errno }
        if cause == 0, rename(draft, path) != 0 { cause = errno }
        guard cause == 0 else {
            unlink(draft)
            throw failure("write", cause)
        }
    }

    /// Text without spaces, of no more than a line: a UUID is 36 bytes.
    private static func isEpoch(_ bytes: [UInt8]) -> Bool {
        (1...256).contains(bytes.count) && bytes.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private func read() throws(RevocationError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let cause = errno
            // A link that leads nowhere was made for a file that is there at other times.
            var byte: CChar = 0
            guard cause == ENOENT, readlink(path, &byte, 1) < 0 else { throw failure("read", cause) }
            return nil
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: Self.maximumBytes)
        while bytes.count < Self.maximumBytes {
            let length = systemRead(descriptor, &buffer, Self.maximumBytes - bytes.count)
            if length < 0, errno == EINTR { continue }
            guard length >= 0 else { throw failure("read", errno) }
            guard length > 0 else { break }
            bytes += buffer.prefix(length)
        }
        return bytes
    }

    /// - Returns: the system's error, or 0.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let length = systemWrite(descriptor, Array(rest), rest.count)
            if length < 0, errno == EINTR { continue }
            guard length > 0 else { return length < 0 ? errno : EIO }
            rest = rest.dropFirst(length)
        }
        return 0
    }

    private func failure(_ verb: String, _ cause: Int32) -> RevocationError {
        RevocationError(
            .invalidConfiguration, "cannot \(verb) the state file \(path): \(String(cString: strerror(cause)))")
    }
}

// The type's own names hide the system's.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, buffer, count)
}
