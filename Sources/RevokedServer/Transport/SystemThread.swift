#if os(Linux)
    import CLinux
    import Glibc

    /// A thread of our own: a reactor must not take one of the cooperative pool's.
    enum SystemThread {
        private final class Work {
            let name: String
            let body: @Sendable () -> Void
            init(_ name: String, _ body: @escaping @Sendable () -> Void) {
                self.name = name
                self.body = body
            }
        }

        /// - Parameter name: at most 15 bytes.
        static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(ServerError) {
            var thread = pthread_t()
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            defer { pthread_attr_destroy(&attributes) }
            pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
            let work = Unmanaged.passRetained(Work(name, body))
            let result = pthread_create(
                &thread, &attributes,
                { context in
                    let work = Unmanaged<Work>.fromOpaque(context!).takeRetainedValue()
                    clinux_name_thread(work.name)
                    work.body()
                    return nil
                }, work.toOpaque())
            guard result == 0 else {
                work.release()
                throw ServerError(.noResources, "cannot start a thread: \(String(cString: strerror(result)))")
            }
        }
    }
#endif
