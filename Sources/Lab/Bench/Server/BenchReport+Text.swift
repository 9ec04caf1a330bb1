import Foundation

extension BenchReport {
    /// The tables, in Markdown.
    var text: String {
        var text = "\n\(heading)\n"
        if !comparisons.isEmpty { text += "\n" + costTable + "\n" + scopesTable + rateTable + "\n" + notes }
        if !memory.isEmpty { text += "\n" + memoryTable }
        if !durability.isEmpty { text += "\n" + durabilityTable }
        return text
    }

    private var heading: String {
        let versions = servers.map { "\($0.kind.rawValue) \($0.version)" }.joined(separator: ", ")
        let day = date.formatted(.iso8601.year().month().day())
        var heading = "\(versions); \(machine.processor), \(machine.processors) processors, \(machine.system); \(day)"
        if isDebugBuild { heading += "\nDEBUG BUILD: these figures mean nothing" }
        return heading
    }

    private var kinds: [ServerKind] {
        ServerKind.allCases.filter { kind in comparisons.contains { $0.figures(of: kind) != nil } }
    }

    /// Processor time of the server for a request, and ours as a multiple of each peer's.
    private var costTable: String {
        let peers = kinds.filter { $0 != .revoked }
        var table = TextTable(
            ["CPU µs per request", "in flight"] + kinds.map(\.rawValue) + peers.map { "÷ \($0.rawValue)" })
        for row in comparisons {
            table.add(
                [row.workload.title, "\(row.inFlight)"]
                    + kinds.map { kind in row.figures(of: kind).map { Self.short($0.serverTime) } ?? "" }
                    + peers.map { peer in row.ratio(to: peer).map { Self.short($0.serverTime) } ?? "" })
        }
        return table.text
    }

    /// The cost of a check of 7 keys, as a multiple of one of 4, for each server; empty if not measured.
    private var scopesTable: String {
        let depths = comparisons.filter { $0.workload == .check7 }.map(\.inFlight)
        let rows = depths.map { depth in (depth, kinds.map { costOfScopes($0, inFlight: depth) }) }
            .filter { $0.1.contains { $0 != nil } }
        guard !rows.isEmpty else { return "" }
        var table = TextTable(["CPU, MGET of 7 ÷ of 4", "in flight"] + kinds.map(\.rawValue))
        for (depth, ratios) in rows { table.add(["", "\(depth)"] + ratios.map { $0.map(Self.short) ?? "" }) }
        return table.text + "\n"
    }

    /// The median over the alternations.
    /// - Returns: nil if one of the two workloads was not measured.
    func costOfScopes(_ kind: ServerKind, inFlight: Int) -> Double? {
        func runs(of workload: Workload) -> [Sample] {
            samples.filter { $0.server == kind && $0.inFlight == inFlight && $0.workload == workload }
        }
        let checks = runs(of: .check)
        let ratios = runs(of: .check7).compactMap { sample in
            checks.first { $0.alternation == sample.alternation }.map { sample.serverTime / $0.serverTime }
        }
        return ratios.isEmpty ? nil : ratios.median
    }

    /// Requests per second and latency.
    private var rateTable: String {
        var table = TextTable([
            "rate and latency", "in flight", "server", "thousand/s", "p50 µs", "p99 µs", "p99.9 µs", "generator µs",
            "ours: rate ×", "p50 ×", "p99 ×",
        ])
        for row in comparisons {
            for figures in row.figures {
                let ratio = row.ratio(to: figures.server)
                table.add([
                    row.workload.title, "\(row.inFlight)", figures.server.rawValue,
                    (figures.isGeneratorLimited ? "≥ " : "") + Self.short(figures.requestsPerSecond / 1000),
                    Self.short(figures.p50), Self.short(figures.p99), Self.short(figures.p999),
                    Self.short(figures.generatorTime), ratio.map { Self.short($0.requestsPerSecond) } ?? "",
                    ratio.map { Self.short($0.p50) } ?? "", ratio.map { Self.short($0.p99) } ?? "",
                ])
            }
        }
        return table.text
    }

    private var notes: String {
        let placement =
            if let server = machine.serverProcessor, let generator = machine.generatorProcessor {
                "Servers on processor \(server), the generator on \(generator)."
            } else {
                "Servers and generator free to move between processors: rate and latency disturb each other."
            }
        return """
            \(placement) Every server has one thread for requests and no persistence. \(connections) connections, \
            \(keys) stored keys, every key random.
            CPU is user and system time of the server's process. Columns with a server's name are medians of \
            \(alternations) runs in turn; ÷ and × are ours to theirs, of each turn, then the median.
            \(isEncrypted == true ? "All over TLS 1.3, through a tunnel at the generator's side: only CPU is the server's.\n" : "")\
            ≥: the load generator, not the server, was the limit: rate and latency are the generator's, CPU per request holds.

            """
    }

    /// Three digits that count.
    static func short(_ value: Double) -> String {
        switch abs(value) {
        case ..<10: String(format: "%.2f", value)
        case ..<100: String(format: "%.1f", value)
        default: String(format: "%.0f", value)
        }
    }
}

extension Comparison {
    func ratio(to kind: ServerKind) -> Ratio? { ratios.first { $0.peer == kind } }
}
