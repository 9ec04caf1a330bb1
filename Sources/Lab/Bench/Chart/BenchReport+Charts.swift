import Foundation

extension BenchReport {
    /// Nothing that a chart shows is in the report.
    struct NoFigures: Error, CustomStringConvertible {
        let description = "the report has neither requests nor memory of redis-server or valkey-server to draw"
    }

    private static let charted: [ServerKind] = [.revoked, .redis, .valkey]

    /// What the reports hold together: requests and memory are measured in runs of their own.
    /// - Returns: the charts by their files' names.
    static func charts(_ reports: [BenchReport]) -> [String: BarChart] {
        var charts: [String: BarChart] = [:]
        for report in reports {
            if let chart = report.costChart { charts["server-cpu.svg"] = chart }
            if let chart = report.memoryChart { charts["bytes-per-token.svg"] = chart }
        }
        return charts
    }

    /// Writes the charts into a directory, which is made if it is not there.
    static func writeCharts(_ reports: [BenchReport], into directory: String) throws {
        let charts = charts(reports)
        guard !charts.isEmpty else { throw NoFigures() }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (name, chart) in charts {
            try Data(chart.svg.utf8).write(to: URL(filePath: "\(directory)/\(name)"))
        }
    }

    /// Processor time per request: of a full check, or else of the first workload that was measured.
    private var costChart: BarChart? {
        guard
            let workload = comparisons.first(where: { $0.workload == .check })?.workload ?? comparisons.first?.workload
        else { return nil }
        let groups = comparisons.filter { $0.workload == workload }.map { row in
            BarChart.Group(
                name: "\(row.inFlight) in flight",
                bars: Self.charted.compactMap { kind in
                    row.figures(of: kind).map {
                        .init(name: kind.rawValue, value: $0.serverTime, isOurs: kind == .revoked)
                    }
                })
        }
        return chart("Server CPU per request: \(workload.title)", "µs", groups)
    }

    /// Resident bytes for each revoked token.
    private var memoryChart: BarChart? {
        guard let sizes = memory.first?.sizes else { return nil }
        let groups = sizes.indices.map { index in
            BarChart.Group(
                name: "\(Quantity.count(sizes[index].entries))",
                bars: Self.charted.compactMap { kind in
                    memory.first { $0.server == kind && $0.sizes.indices.contains(index) }.map {
                        .init(name: kind.rawValue, value: $0.sizes[index].bytesPerEntry, isOurs: kind == .revoked)
                    }
                })
        }
        return chart("Resident memory per revoked token, by number of tokens", "bytes", groups)
    }

    /// - Returns: nil if a peer is missing: a bar alone says nothing.
    private func chart(_ title: String, _ unit: String, _ groups: [BarChart.Group]) -> BarChart? {
        guard groups.contains(where: { $0.bars.count > 1 }) else { return nil }
        let versions = servers.filter { Self.charted.contains($0.kind) }.map { "\($0.kind.rawValue) \($0.version)" }
        let day = date.formatted(.iso8601.year().month().day())
        let meaning = isDebugBuild ? "DEBUG BUILD: this means nothing." : "Shorter is better."
        return BarChart(
            title: title,
            subtitle: "\(meaning) \(versions.joined(separator: ", ")); \(machine.processor), \(day)",
            unit: unit, groups: groups)
    }
}
