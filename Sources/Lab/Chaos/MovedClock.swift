#if os(Linux)
    import Foundation

    /// The wall clock of one process, which can be moved while it runs: by libfaketime, from Debian's package of that
    /// name. The clock of the machine is never touched: other programs live by it.
    struct MovedClock: Sendable {
        private static let libraries = [
            "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
            "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1",
        ]
        /// How far a clock is moved at most, in seconds: nodes accept 30 s (WireContract.md, *Clocks*).
        static let most: UInt64 = 20

        private let library: String
        private let file: String

        /// - Parameter file: where the process finds the time that it is to believe.
        /// - Returns: nil if libfaketime is not installed.
        init?(file: String) throws {
            guard let library = Self.libraries.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
                return nil
            }
            self.library = library
            self.file = file
            try move(by: 0)
        }

        /// What the process is to be started with.
        var environment: [String: String] {
            [
                "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": file, "FAKETIME_CACHE_DURATION": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                // Names that do not exist. libfaketime makes its own and puts them here. Without this variable it would
                // add one. The environment would then move away from the arguments, which Swift looks for beside it.
                "FAKETIME_SHARED": "none none",
            ]
        }

        /// Removes what libfaketime shares with a process, which is left behind when that is killed.
        static func clear(after process: Int32) {
            for name in ["sem.faketime_sem_\(process)", "faketime_shm_\(process)"] {
                try? FileManager.default.removeItem(atPath: "/dev/shm/\(name)")
            }
        }

        /// Takes effect within a second.
        func move(by seconds: Int) throws {
            try Data("\(seconds < 0 ? "" : "+")\(seconds)\n".utf8).write(to: URL(filePath: file), options: .atomic)
        }
    }
#endif
