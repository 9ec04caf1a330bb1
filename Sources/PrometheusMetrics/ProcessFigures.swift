#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What Prometheus' own client libraries tell of their process, under their names.
package struct ProcessFigures: Sendable {
    #if canImport(Glibc)
        private static let thisProcess = __rusage_who_t(RUSAGE_SELF.rawValue)
    #else
        private static let thisProcess = RUSAGE_SELF
    #endif

    /// Unix seconds.
    private let startTime: Int

    /// To be made when the process starts.
    package init() { startTime = time(nil) }

    package var families: [MetricFamily] {
        let processor = Self.processorTime()
        var families = [
            MetricFamily(
                .counter, "process_cpu_seconds_total", "Processor time of the process, user and system.",
                processor.user + processor.system),
            MetricFamily(
                .gauge, "process_start_time_seconds", "When the process started, in Unix seconds.", startTime),
        ]
        if let resident = Self.residentBytes() {
            families.append(
                MetricFamily(
                    .gauge, "process_resident_memory_bytes", "Resident memory of the process.", resident))
        }
        return families
    }

    /// In seconds.
    package static func processorTime() -> (user: Double, system: Double) {
        var usage = rusage()
        getrusage(thisProcess, &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return (seconds(usage.ru_utime), seconds(usage.ru_stime))
    }

    /// The process' resident memory in bytes; nil where the system does not tell.
    package static func residentBytes() -> Int? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let words = line.prefix { $0 != 0 }.split(separator: CChar(UInt8(ascii: " ")))
        guard words.count > 1 else { return nil }
        return Int(String(decoding: words[1].map { UInt8(bitPattern: $0) }, as: UTF8.self)).map {
            $0 * Int(getpagesize())
        }
    }
}
