import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How many files and sockets the process may have open, and how many of them are for users' connections.
enum DescriptorLimit {
    /// For connections to the admin port (64), the burst of an accept, the store's connections, key sets, files.
    private static let reserve = 64 + 16 + 32
    /// Each event loop's own, its pipe (``PipeRounds``), and its connections to the store.
    private static let reservePerLoop = 10
    /// Fewer connections than that are no service.
    private static let minimumConnections = 16

    /// Raises the limit as far as it may be.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        // If it cannot be raised there are fewer connections.
        setrlimit(resource, &limit)
    }

    /// How many connections users may have at once.
    /// - Throws: ``NodeError/Code/invalidSetting`` if there is no room for any.
    static func connections(loops: Int) throws(NodeError) -> Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else { return .max }
        let reserved = reserve + loops * reservePerLoop
        guard Int(limit.rlim_cur) >= reserved + minimumConnections else {
            throw NodeError(
                .invalidSetting,
                """
                the limit of open files is \(limit.rlim_cur), and \(reserved + minimumConnections) are needed at least: \
                raise it (ulimit -n, LimitNOFILE)
                """)
        }
        return Int(limit.rlim_cur) - reserved
    }

    #if canImport(Glibc)
        private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let resource = RLIMIT_NOFILE
    #endif
}
