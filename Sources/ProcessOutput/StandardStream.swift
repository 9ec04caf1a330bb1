#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Standard output or standard error. What cannot be written there is lost, and nothing else happens: its reader may go
/// away, its disk may be full, it may be closed. (`FileHandle.write(_:)` traps then.)
package enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Opens `/dev/null` in the place of each standard stream that is closed. Otherwise the next file that is opened
    /// takes its number, and what is meant for the stream is written into that file.
    ///
    /// Called before the process opens anything.
    package static func openMissing() {
        // The lowest number that is free is taken: from below, that is the one that is missing.
        for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 && errno == EBADF {
            _ = open("/dev/null", O_RDWR)
        }
    }

    /// Waits until the text is written, or cannot be.
    package func write(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { Self.write($0, to: rawValue) }
    }

    /// - Returns: how many bytes were written; all of them, unless that is not possible.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
        var written = 0
        while written < bytes.count {
            #if canImport(Glibc)
                let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            #else
                let count = Darwin.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            #endif
            if count > 0 {
                written += count
            } else if count < 0, errno == EAGAIN {
                // Another process that has the same pipe may have set it so.
                var interest = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&interest, 1, -1)
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        return written
    }
}
