#if os(Linux)
    import Glibc
    import Persistence

    /// One client of a reactor: its socket, its conversation and what it has not read yet. Owned by the reactor's
    /// thread.
    final class Connection {
        let descriptor: Int32
        // Unchecked, as the queue: only the reactor's thread comes here, and neither knows its connection.
        @exclusivity(unchecked) var session: ClientSession
        /// Replies that the socket did not take, or that wait for the log.
        @exclusivity(unchecked) private var queue = ReplyQueue()
        /// What epoll waits for.
        var interest: UInt32
        @exclusivity(unchecked) var policy: OutputPolicy

        init(_ descriptor: Int32, _ session: consuming ClientSession, _ policy: OutputPolicy, interest: UInt32) {
            self.descriptor = descriptor
            self.session = session
            self.policy = policy
            self.interest = interest
        }

        /// Bytes of replies that have not left.
        var pending: Int { queue.count }
        /// Bytes that wait for the client to read.
        var unread: Int { queue.readyCount }
        /// How many replies, or runs of replies, wait for the log.
        var holdCount: Int { queue.holdCount }

        var load: OutputPolicy.Load {
            OutputPolicy.Load(
                pending: queue.count, unread: queue.readyCount, holds: queue.holdCount, input: session.inputCount,
                isStranger: !session.isAuthenticated)
        }

        enum Delivery { case done, waiting, failed }

        /// Writes `bytes` behind what waits already; keeps what the socket does not take, and what waits for the log.
        func deliver(_ bytes: UnsafeRawBufferPointer, _ context: borrowing ServingContext) -> Delivery {
            if queue.count > 0 || !context.holds.isEmpty {
                queue.append(bytes, holds: context.holds.all)
                if !context.holds.isEmpty { release(context) }
                return flush()
            }
            guard let sent = Self.send(descriptor, bytes) else { return .failed }
            guard sent < bytes.count else { return .done }
            queue.append(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            return .waiting
        }

        /// Writes a message behind what waits already.
        func push(_ bytes: UnsafeRawBufferPointer) -> Delivery {
            guard queue.count > 0 else {
                guard let sent = Self.send(descriptor, bytes) else { return .failed }
                guard sent < bytes.count else { return .done }
                queue.append(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
                return .waiting
            }
            queue.append(bytes)
            return .waiting
        }

        /// Lets go of the replies to writes that the log has acknowledged, or has failed to take.
        func release(_ context: borrowing ServingContext) {
            context.counters.add(queue.release(context.journal.disk, context.holds.leases))
        }

        /// Writes what may leave.
        func flush() -> Delivery {
            guard queue.readyCount > 0 else { return queue.count == 0 ? .done : .waiting }
            guard let sent = queue.withReady({ Self.send(descriptor, $0) }) else { return .failed }
            queue.consume(sent)
            return queue.count == 0 ? .done : .waiting
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
