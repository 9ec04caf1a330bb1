#if canImport(Glibc)
    import CLinux
    import Glibc
#else
    import Darwin
#endif

/// A thread of the system, for what runs as long as the process or waits for the disk: it must not take one of the
/// cooperative pool's. Unlike Foundation's, one that could not be started is told of.
package enum SystemThread {
    /// Why a thread could not be started, in the system's words.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private final class Work {
        let name: String
        let isPatient: Bool
        let body: @Sendable () -> Void

        init(_ name: String, isPatient: Bool, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.isPatient = isPatient
            self.body = body
        }

        func run() {
            #if canImport(Glibc)
                clinux_name_thread(name)
                // On Linux a thread has a priority of its own.
                if isPatient { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }
            #else
                pthread_setname_np(name)
            #endif
            body()
        }
    }

    /// - Parameter name: for `top` and `perf`, at most 15 bytes.
    /// - Parameter isPatient: whether every other thread goes first.
    package static func start(
        _ name: String, isPatient: Bool = false, _ body: @escaping @Sendable () -> Void
    ) throws(Failure) {
        let result = create(Work(name, isPatient: isPatient, body))
        guard result == 0 else {
            throw Failure(description: "cannot start a thread: \(String(cString: strerror(result)))")
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
                Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        if result != 0 { context.release() }
        return result
    }
}
