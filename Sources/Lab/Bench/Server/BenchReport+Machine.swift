import ProcessOutput

extension BenchReport.Machine {
    #if DEBUG
        static let isDebugBuild = true
    #else
        static let isDebugBuild = false
    #endif

    /// Says on standard error that what a debug build measures means nothing.
    static func warnOfDebugBuild() {
        guard isDebugBuild else { return }
        StandardStream.error.write(
            "WARNING: this is a debug build. What it measures means nothing: build with `-c release`.\n")
    }
}

#if os(Linux)
    import Foundation

    extension BenchReport.Machine {
        /// This machine.
        /// - Parameter server: the processor that the servers keep to, and `generator` the load generator; nil if they
        ///   move.
        static func current(server: Int? = nil, generator: Int? = nil) -> BenchReport.Machine {
            let model = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
                .split(separator: "\n").first { $0.hasPrefix("model name") }?
                .split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
            let kernel = try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
            return BenchReport.Machine(
                processor: model ?? "unknown processor", processors: ProcessInfo.processInfo.processorCount,
                system: "Linux \(kernel?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "")",
                serverProcessor: server, generatorProcessor: generator)
        }
    }
#endif
