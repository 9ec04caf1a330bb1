#if os(Linux)
    import Foundation
    import Glibc

    /// The processor time of the thread that has worked most in a process: in a server, the one that serves.
    ///
    /// Unlike the process' own clock it leaves out what other threads do meanwhile. The kernel brings it up to date
    /// when the thread sleeps and at each tick: compare readings with the one before, then nothing is lost.
    final class BusiestThreadClock {
        private let descriptor: Int32

        init(process: Int32) throws(LoadFailure) {
            let tasks = "/proc/\(process)/task"
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
            let opened = threads.map { open("\(tasks)/\($0)/schedstat", O_RDONLY | O_CLOEXEC) }.filter { $0 >= 0 }
            guard let busiest = opened.max(by: { Self.read($0) < Self.read($1) }) else { throw .system("open") }
            for descriptor in opened where descriptor != busiest { close(descriptor) }
            descriptor = busiest
        }

        deinit { close(descriptor) }

        /// In nanoseconds (Linux, Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat", first field).
        var time: Int64 { Self.read(descriptor) }

        private static func read(_ descriptor: Int32) -> Int64 {
            withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
                let count = pread(descriptor, buffer.baseAddress, buffer.count, 0)
                return buffer.prefix(max(0, count)).prefix { $0 != UInt8(ascii: " ") }
                    .reduce(0) { $0 * 10 + Int64($1 &- UInt8(ascii: "0")) }
            }
        }
    }
#endif
