import Foundation

/// What the kernel says of a process' memory.
enum ProcessMemory {
    /// Bytes that are resident, huge pages included (proc(5), `/proc/[pid]/status`).
    static func resident(_ process: Int32) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let kilobytes = ["VmRSS:", "HugetlbPages:"].compactMap { name in
            status.split(separator: "\n").first { $0.hasPrefix(name) }?
                .split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
        }
        guard !kilobytes.isEmpty else { throw LoadFailure(message: "process \(process) has no resident memory") }
        return kilobytes.reduce(0, +) * 1024
    }
}
