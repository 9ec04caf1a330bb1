extension BenchReport {
    /// One row for each question, one column for each server, then ours divided by each peer's.
    var durabilityTable: String {
        let kinds = ServerKind.allCases.filter { kind in durability.contains { $0.values[kind] != nil } }
        let peers = kinds.filter { $0 != .revoked }
        var table = TextTable(["durability"] + kinds.map(\.rawValue) + peers.map { "÷ \($0.rawValue)" })
        for figures in durability {
            table.add(
                [figures.question.title] + kinds.map { Self.short((figures.values[$0] ?? []).median) }
                    + peers.map { Self.short(figures.ratio(to: $0)) })
        }
        return table.text + "\nWith \(keys) entries for recovery and rewrite.\n"
    }
}
