#if os(Linux)
    import CLinux
    import Glibc
    import Synchronization

    /// What a load does beside its connections, in tasks: it is told by a descriptor when one has ended.
    final class SideTasks: Sendable {
        /// Readable while there are results.
        let descriptor: Int32
        private let results = Mutex<[(number: Int, answer: TokenAnswer)]>([])

        init() throws(LoadFailure) {
            descriptor = clinux_eventfd()
            guard descriptor >= 0 else { throw .system("eventfd") }
        }

        deinit { close(descriptor) }

        func start(_ number: Int, _ body: @escaping @Sendable () async -> TokenAnswer) {
            Task {
                let answer = await body()
                results.withLock { $0.append((number, answer)) }
                var one: UInt64 = 1
                _ = write(descriptor, &one, 8)
            }
        }

        /// What has ended since it was last asked.
        func take() -> [(number: Int, answer: TokenAnswer)] {
            var count: UInt64 = 0
            _ = read(descriptor, &count, 8)
            return results.withLock { results in
                defer { results = [] }
                return results
            }
        }
    }
#endif
