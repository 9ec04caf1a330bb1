#if os(Linux)
    import Foundation

    /// How the kernel treats the calling thread.
    enum ThreadSchedule {
        /// How long it could have run and others did, in nanoseconds (Linux, Documentation/scheduler/sched-stats.rst,
        /// "/proc/<pid>/schedstat", second field); 0 where the kernel does not count.
        static var waiting: Int64 {
            let text = try? String(contentsOfFile: "/proc/thread-self/schedstat", encoding: .utf8)
            return text?.split(separator: " ").dropFirst().first.flatMap { Int64($0) } ?? 0
        }
    }
#endif
