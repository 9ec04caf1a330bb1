#if os(Linux)
    import Glibc

    /// One client of a reactor: its socket, its conversation and what it has not read yet. Owned by the reactor's thread.
    final class Connection {
        let descriptor: Int32
        var session: Session
        /// Replies that the socket did not take.
        private(set) var output: [UInt8] = []
        private var written = 0
        /// What epoll waits for.
        var interest: UInt32
        /// The session has input left to execute.
        var needsResume = false
        /// Close once ``output`` is written.
        var isClosing = false
        /// When the socket last took something while more was waiting, in milliseconds since boot.
        var progressAt: Int64 = 0

        init(_ descriptor: Int32, _ session: consuming Session, interest: UInt32) {
            self.descriptor = descriptor
            self.session = session
            self.interest = interest
        }

        /// Bytes that wait for the client to read.
        var pending: Int { output.count - written }

        enum Delivery { case done, waiting, failed }

        /// Writes `bytes` behind what waits already; keeps what the socket does not take.
        func deliver(_ bytes: UnsafeRawBufferPointer) -> Delivery {
            if pending > 0 {
                output.append(contentsOf: bytes)
                return flush()
            }
            guard let sent = Self.send(descriptor, bytes) else { return .failed }
            guard sent < bytes.count else { return .done }
            output.append(contentsOf: bytes[sent...])
            return .waiting
        }

        /// Writes what waits.
        func flush() -> Delivery {
            let sent = output.withUnsafeBytes {
                Self.send(descriptor, UnsafeRawBufferPointer(rebasing: $0[written...]))
            }
            guard let sent else { return .failed }
            written += sent
            guard written < output.count else {
                output = []
                written = 0
                return .done
            }
            if written > output.count / 2 {
                output.removeFirst(written)
                written = 0
            }
            return .waiting
        }

        /// - Returns: how many bytes the socket took; nil if the connection is broken.
        private static func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int? {
            guard bytes.count > 0 else { return 0 }
            while true {
                let sent = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
                if sent >= 0 { return sent }
                if errno == EAGAIN || errno == EWOULDBLOCK { return 0 }
                if errno != EINTR { return nil }
            }
        }
    }
#endif
