#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A thread of our own for work that waits for the disk: it must not take one of the cooperative pool's.
enum BackgroundThread {
    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// - Parameter isPatient: whether every other thread goes first.
    static func start(
        isPatient: Bool = false, _ body: @escaping @Sendable () -> Void
    ) throws(PersistenceError) {
        let result = create(
            Work {
                #if canImport(Glibc)
                    // On Linux a thread has a priority of its own.
                    if isPatient { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }
                #endif
                body()
            })
        guard result == 0 else {
            throw PersistenceError(.disk, "cannot start a thread: \(String(cString: strerror(result)))")
        }
    }

    private static func create(_ work: Work) -> Int32 {
        // Not `pthread_attr_t()`: whose initializer that is depends on which files are compiled together.
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        defer { attributes.deallocate() }
        pthread_attr_init(attributes)
        defer { pthread_attr_destroy(attributes) }
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        let context = Unmanaged.passRetained(work)
        #if canImport(Glibc)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        let result = pthread_create(
            &thread, attributes,
            { context in
                let context: UnsafeMutableRawPointer? = context
                Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().body()
                return nil
            }, context.toOpaque())
        if result != 0 { context.release() }
        return result
    }
}
