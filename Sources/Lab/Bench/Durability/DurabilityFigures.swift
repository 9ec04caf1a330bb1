/// One question about durability, and what each server answered in each alternation.
package struct DurabilityFigures: Codable, Sendable {
    package enum Question: String, Codable, Sendable, CaseIterable {
        /// Requests per second, 50 connections, `appendfsync always`.
        case setexRate = "setex-rate"
        /// Microseconds of the process, the log's thread included, 16 in flight, `appendfsync everysec`.
        case setexTime = "setex-cpu"
        /// Microseconds.
        case existsUnderWrites = "exists-tail"
        /// The p99 of a check beside 500 writes a second, divided by the p99 without.
        case checkBesideRevokes = "check-tail"
        /// Seconds from the start of the process to its first `PONG`.
        case recovery
        /// The most that process and children take while the log is rewritten under 10,000 writes a second, divided by
        /// what they took before.
        case snapshotMemory = "rewrite-memory"

        /// In a table.
        var title: String {
            switch self {
            case .setexRate: "SETEX/s, always, 50 connections"
            case .setexTime: "CPU µs per SETEX, everysec, 16 in flight"
            case .existsUnderWrites: "p99 of EXISTS under 2,000 SETEX/s, always, µs"
            case .checkBesideRevokes: "p99 of a check beside 500 SETEX/s ÷ without, always"
            case .recovery: "recovery, s"
            case .snapshotMemory: "peak memory during a rewrite under 10,000 SETEX/s ÷ before"
            }
        }
    }

    package var question: Question
    /// By alternation.
    package var values: [ServerKind: [Double]] = [:]

    package init(_ question: Question) { self.question = question }

    /// Ours divided by the peer's: of each alternation, then their median.
    package func ratio(to peer: ServerKind) -> Double {
        zip(values[.revoked] ?? [], values[peer] ?? []).map { $0 / $1 }.median
    }
}
