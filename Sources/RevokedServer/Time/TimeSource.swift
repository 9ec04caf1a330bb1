package import Denylist

#if canImport(Glibc)
    import CLinux
    import Glibc
#else
    import Darwin
#endif

/// Where time comes from, in milliseconds: passed in, so that tests can move it.
package struct TimeSource: Sendable {
    /// Unix time.
    package var wall: @Sendable () -> Int64
    /// Time since boot, suspension included.
    package var boot: @Sendable () -> Int64
    /// Which boot clock that is; nil if nobody knows.
    package var identity: @Sendable () -> BootIdentity?
    /// What the calling thread has had of a processor.
    package var processor: @Sendable () -> Int64

    package init(
        wall: @escaping @Sendable () -> Int64, boot: @escaping @Sendable () -> Int64,
        identity: @escaping @Sendable () -> BootIdentity? = { nil },
        processor: @escaping @Sendable () -> Int64 = { read(CLOCK_THREAD_CPUTIME_ID) }
    ) {
        self.wall = wall
        self.boot = boot
        self.identity = identity
        self.processor = processor
    }

    package static let system = TimeSource(
        wall: { read(CLOCK_REALTIME) },
        boot: {
            #if os(Linux)
                read(CLOCK_BOOTTIME)
            #else
                read(CLOCK_MONOTONIC)
            #endif
        },
        identity: {
            #if os(Linux)
                bootIdentity()
            #else
                nil
            #endif
        })

    private static func read(_ clock: clockid_t) -> Int64 {
        // Not `timespec()`: whose initializer that is depends on which files are compiled together.
        #if os(Linux)
            clinux_clock(clock) / 1_000_000
        #else
            Int64(clock_gettime_nsec_np(clock) / 1_000_000)
        #endif
    }

    // MARK: Together

    /// The boot clock is read before and after the wall clock: no more than this may pass between, in milliseconds.
    private static let closeness: Int64 = 2
    private static let attempts = 5

    /// Reads both clocks as closely together as the scheduler allows.
    func readBoth() -> (wall: Int64, boot: Int64) {
        var boot = self.boot()
        for _ in 1..<Self.attempts {
            let (wall, after) = (self.wall(), self.boot())
            if after - boot <= Self.closeness { return (wall, after) }
            boot = after
        }
        return (wall(), boot)
    }

    func sample() -> ClockSample {
        let (wall, boot) = readBoth()
        return ClockSample(wall: wall, boot: boot, identity: identity())
    }
}

#if os(Linux)
    extension TimeSource {
        /// The kernel's random number of this boot, and the time namespace with what it adds to the boot clock
        /// (proc(5), time_namespaces(7)); old kernels have none.
        private static func bootIdentity() -> BootIdentity? {
            guard let bootID = words(of: "/proc/sys/kernel/random/boot_id").first else { return nil }
            let namespace = timeNamespace(
                target(of: "/proc/self/ns/time"), offsets: words(of: "/proc/self/timens_offsets"))
            return BootIdentity(bootID: bootID, timeNamespace: namespace)
        }

        /// - Parameters:
        ///   - link: what the namespace's link says; nil if there are no namespaces.
        ///   - offsets: the words of the file of offsets.
        static func timeNamespace(_ link: String?, offsets: [String]) -> String {
            let offset = offsets.firstIndex(of: "boottime").map {
                offsets[($0 + 1)...].prefix(2).joined(separator: ".")
            }
            return "\(link ?? "none")+\(offset ?? "0")"
        }

        private static func words(of path: String) -> [String] {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return [] }
            defer { close(descriptor) }
            let text = String(unsafeUninitializedCapacity: 512) {
                max(0, Glibc.read(descriptor, $0.baseAddress, $0.count))
            }
            return text.split(whereSeparator: \.isWhitespace).map(String.init)
        }

        private static func target(of link: String) -> String? {
            let text = String(unsafeUninitializedCapacity: 128) { buffer in
                let start = UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self)
                return max(0, readlink(link, start, buffer.count))
            }
            return text.isEmpty ? nil : text
        }
    }
#endif
