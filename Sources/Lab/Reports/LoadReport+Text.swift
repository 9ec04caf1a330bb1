import Foundation

extension LoadReport {
    /// Whether all that must hold did.
    var hasPassed: Bool { failures.isEmpty }

    /// The summary, in Markdown.
    var text: String {
        var text = "\n\(heading)\n"
        if !operations.isEmpty { text += "\n" + operationTable }
        for comparison in comparisons ?? [] { text += "\n" + comparison.table }
        if !facts.isEmpty { text += "\n" + list(facts) }
        if !faults.isEmpty { text += "\n" + faultTable }
        for warning in warnings { text += "\nwarning: \(warning)\n" }
        for failure in failures { text += "\nFAILED: \(failure)\n" }
        if hasPassed { text += "\nPassed: every answer was right.\n" }
        return text
    }

    private var heading: String {
        let day = date.formatted(.iso8601)
        var heading = "\(title); \(machine.processor), \(machine.processors) processors, \(machine.system); \(day)"
        if isDebugBuild { heading += "\nDEBUG BUILD: the times mean nothing" }
        let asked = settings.map { "\($0.name) \($0.value)" } + (seed.map { ["seed \($0)"] } ?? [])
        if !asked.isEmpty { heading += "\n" + asked.joined(separator: ", ") }
        return heading
    }

    private var operationTable: String {
        var table = TextTable([
            "operation", "count", "errors", "p50 µs", "p90 µs", "p99 µs", "p99.9 µs", "p99.99 µs", "max µs",
        ])
        for operation in operations {
            let latency = operation.latency
            table.add(
                [operation.name, Quantity.count(operation.count), Quantity.count(operation.errors)]
                    + [latency.p50, latency.p90, latency.p99, latency.p999, latency.p9999, latency.maximum]
                    .map(BenchReport.short))
        }
        return table.text
    }

    private func list(_ facts: [Fact]) -> String {
        var table = TextTable(["figure", "value"])
        for fact in facts { table.add([fact.name, fact.value]) }
        return table.text
    }

    private var faultTable: String {
        var table = TextTable(["fault", "target", "at s", "over after s"])
        for fault in faults {
            table.add([
                fault.kind, fault.target, BenchReport.short(fault.start),
                fault.end.map { BenchReport.short($0 - fault.start) } ?? "not seen",
            ])
        }
        return table.text
    }
}

extension LoadReport.Comparison {
    /// One row for each figure: medians of both, the ratio of each pair, and the ratios' median.
    var table: String {
        var table = TextTable([title, first, second, "÷", "÷ of each pair"])
        for figure in figures {
            table.add([
                figure.name, BenchReport.short(figure.first.median), BenchReport.short(figure.second.median),
                BenchReport.short(figure.ratio), figure.ratios.map(BenchReport.short).joined(separator: " "),
            ])
        }
        return table.text
    }
}
