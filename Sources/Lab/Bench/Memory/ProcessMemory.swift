import Foundation

/// What the kernel says of a process' memory.
enum ProcessMemory {
    /// Bytes of a process and of what its children do not share with it.
    static func proportional(_ process: Int32) throws -> Int {
        let children =
            (try? String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)) ?? ""
        let all = [process] + children.split(separator: " ").compactMap { Int32($0) }
        // A child may have ended meanwhile.
        return try all.reduce(0) { try $0 + ($1 == process ? resident($1) : (try? ownPages($1)) ?? 0) }
    }

    /// What a child does not share with its parent: the pages that were copied since its fork.
    private static func ownPages(_ process: Int32) throws -> Int {
        let rollup = try String(contentsOfFile: "/proc/\(process)/smaps_rollup", encoding: .utf8)
        return rollup.split(separator: "\n").filter { $0.hasPrefix("Private_") }
            .compactMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } }
            .reduce(0, +) * 1024
    }

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
