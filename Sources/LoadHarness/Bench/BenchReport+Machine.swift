#if os(Linux)
    import Foundation

    extension BenchReport.Machine {
        /// This machine.
        static func current(_ stage: BenchStage) -> BenchReport.Machine {
            let model = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
                .split(separator: "\n").first { $0.hasPrefix("model name") }?
                .split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
            let kernel = try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
            return BenchReport.Machine(
                processor: model ?? "unknown processor", processors: ProcessInfo.processInfo.processorCount,
                system: "Linux \(kernel?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "")",
                serverProcessor: stage.processors?.server, generatorProcessor: stage.processors?.generator)
        }
    }
#endif
