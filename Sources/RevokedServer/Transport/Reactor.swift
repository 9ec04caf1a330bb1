#if os(Linux)
    import CLinux
    import Glibc
    import RESP
    import Synchronization

    /// One thread that serves its connections: a level-triggered epoll loop.
    ///
    /// Safe to share because other threads touch only ``inbox``, ``load`` and the wake descriptor; all else is the
    /// thread's own state, in ``ReactorLoop``.
    final class Reactor: Sendable {
        enum Message: Sendable {
            /// An accepted socket, this reactor's from now on.
            case adopt(descriptor: Int32, address: String, localAddress: String, isTCP: Bool)
            /// `CLIENT KILL`.
            case end(descriptor: Int32, client: Int64)
            /// The thread does not hang: the stream ends when it has come to this.
            case answer(AsyncStream<Void>.Continuation)
            /// Answer what has arrived, write what is owed, close.
            case drain
        }

        let daemon: Daemon
        let epoll: Int32
        private let wakeDescriptor: Int32
        private let inbox = Mutex([Message]())
        private let hasLogAdvanced = Atomic(false)
        /// How many connections it has, or is about to have.
        let load = Atomic(0)

        init(_ daemon: Daemon) throws(ServerError) {
            self.daemon = daemon
            epoll = clinux_epoll_create()
            wakeDescriptor = clinux_eventfd()
            guard epoll >= 0, wakeDescriptor >= 0,
                clinux_epoll_control(epoll, clinux_add, wakeDescriptor, Self.readable, UInt64(wakeDescriptor)) == 0
            else { throw ServerError(.noResources, "cannot make an epoll descriptor: raise the limit of open files") }
        }

        deinit {
            close(epoll)
            close(wakeDescriptor)
        }

        static let readable = UInt32(CLINUX_READABLE)
        static let writable = UInt32(CLINUX_WRITABLE)
        /// What ends a connection, whether or not it is waited for.
        static let broken = UInt32(CLINUX_ERROR) | UInt32(CLINUX_HANGUP)

        func post(_ message: Message) {
            inbox.withLock { $0.append(message) }
            wake()
        }

        /// Makes the thread look for messages, of its own and of its connections.
        func wake() {
            var one: UInt64 = 1
            _ = write(wakeDescriptor, &one, 8)
        }

        /// Wakes the thread: the log has acknowledged more, or has failed.
        func logDidAdvance() {
            if !hasLogAdvanced.exchange(true, ordering: .acquiringAndReleasing) { wake() }
        }

        /// Whether ``logDidAdvance()`` was called since the last time. To be asked before the log's position is read.
        func takeLogAdvance() -> Bool { hasLogAdvanced.exchange(false, ordering: .acquiringAndReleasing) }

        func isWake(_ descriptor: Int32) -> Bool { descriptor == wakeDescriptor }

        func takeMessages() -> [Message] {
            var count: UInt64 = 0
            _ = read(wakeDescriptor, &count, 8)
            return inbox.withLock { messages in
                defer { messages = [] }
                return messages
            }
        }
    }
#endif
