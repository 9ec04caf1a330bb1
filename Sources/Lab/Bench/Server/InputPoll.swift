#if os(Linux)
    import CLinux
    import Glibc

    /// Waits for input on many connections of one thread.
    struct InputPoll: ~Copyable {
        private static let eventsAtOnce = 64

        private let epoll = clinux_epoll_create()
        private var events = [clinux_event](repeating: clinux_event(), count: Self.eventsAtOnce)

        init() {}

        deinit { close(epoll) }

        /// - Parameter number: what ``wait(milliseconds:_:)`` calls it.
        func add(_ connection: ControlConnection, as number: Int) throws(LoadFailure) {
            let status = clinux_epoll_control(
                epoll, clinux_add, connection.descriptor, UInt32(CLINUX_READABLE), UInt64(number))
            guard status == 0 else { throw .system("epoll_ctl") }
        }

        /// Waits for at most so long.
        /// - Parameter body: is called with the number of each that has input, of at most 64.
        /// - Returns: how many had some.
        @discardableResult
        mutating func wait(milliseconds: Int32, _ body: (Int) throws(LoadFailure) -> Void) throws(LoadFailure) -> Int {
            let ready = clinux_epoll_wait(epoll, &events, Int32(Self.eventsAtOnce), milliseconds)
            for index in 0..<max(0, Int(ready)) { try body(Int(events[index].value)) }
            return max(0, Int(ready))
        }
    }
#endif
