import Foundation

extension LoadReport {
    /// Writes it as one page that needs nothing else: no script, no font, no network.
    func write(html path: String) throws {
        try Data(html.utf8).write(to: URL(filePath: path))
    }

    /// The page.
    var html: String {
        let charts = TimeCharts(self)
        let timeCharts = timeLine.isEmpty ? "" : charts.latency + charts.throughput + charts.faults
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(Markup.escaped(title)): \(hasPassed ? "passed" : "failed")</title>
            <style>
            \(ReportStyle.css)
            </style>
            </head>
            <body>
            <main>
            \(header)\(tiles)\(failureList)\(warningList)\(timeCharts)\(DistributionChart(self).html)\(tables)</main>
            </body>
            </html>

            """
    }

    private var header: String {
        let day = date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false))
        let verdict = hasPassed ? "✓ passed" : "✗ failed"
        return """
            <header>
            <div class="first"><h1>\(Markup.escaped(title))</h1>\
            <span class="verdict \(hasPassed ? "passed" : "failed")">\(verdict)</span></div>
            <p>\(Markup.escaped("\(day) UTC · \(machine.processor), \(machine.processors) processors · \(machine.system)"))\
            \(isDebugBuild ? " · <b class=\"bad\">debug build: the times mean nothing</b>" : "")</p>
            </header>

            """
    }

    /// The figures that are looked for first.
    private var tiles: String {
        let completed = operations.reduce(0) { $0 + $1.count }
        let errors = operations.reduce(0) { $0 + $1.errors }
        let violations = timeLine.reduce(0) { $0 + $1.violations }
        var tiles = [
            ("\(Quantity.count(completed))", "operations in \(Quantity.seconds(seconds))", ""),
            ("\(seconds > 0 ? Quantity.count(Int(Double(completed) / seconds)) : "–")", "per second", ""),
        ]
        if let main = operations.max(by: { $0.count < $1.count }), main.count > 0 {
            tiles.append((Quantity.time(main.latency.p50), "p50, \(main.name)", ""))
            tiles.append((Quantity.time(main.latency.p99), "p99, \(main.name)", ""))
            tiles.append((Quantity.time(main.latency.p9999), "p99.99, \(main.name)", ""))
        }
        tiles.append((Quantity.count(errors), "errors", ""))
        tiles.append((Quantity.count(violations), "violations", violations > 0 ? "bad" : "good"))
        let all = tiles.map { value, name, kind in
            "<div class=\"tile\"><b class=\"\(kind)\">\(Markup.escaped(value))</b><span>\(Markup.escaped(name))</span></div>\n"
        }
        return "<div class=\"tiles\">\n\(all.joined())</div>\n"
    }

    private var failureList: String { list(failures, title: "What must not be", kind: "failed") }
    private var warningList: String { list(warnings, title: "To be read with care", kind: "warned") }

    private func list(_ entries: [String], title: String, kind: String) -> String {
        guard !entries.isEmpty else { return "" }
        let items = entries.map { "<li>\(Markup.escaped($0))</li>\n" }.joined()
        return "<section class=\"\(kind)\"><h2>\(title)</h2><ul>\n\(items)</ul></section>\n"
    }

    private var tables: String {
        var html = ""
        if !operations.isEmpty {
            html += section("Operations", operationTable)
        }
        for comparison in comparisons ?? [] { html += section(comparison.title, comparison.htmlTable) }
        let asked = settings + (seed.map { [Fact("seed", "\($0)")] } ?? [])
        let pair =
            (facts.isEmpty ? "" : section("What was counted", table(facts)))
            + (asked.isEmpty ? "" : section("What was asked for", table(asked)))
        html += pair.isEmpty ? "" : "<div class=\"pair\">\n\(pair)</div>\n"
        if !faults.isEmpty { html += section("Faults", faultTable) }
        return html
    }

    private func section(_ title: String, _ body: String) -> String {
        "<section><h2>\(Markup.escaped(title))</h2>\n\(body)</section>\n"
    }

    private func table(_ facts: [Fact]) -> String {
        Markup.table([], facts.map { [$0.name, $0.value] }, isNumeric: false)
    }

    private var operationTable: String {
        Markup.table(
            ["", "count", "errors", "p50", "p90", "p99", "p99.9", "p99.99", "max"],
            operations.map { operation in
                let latency = operation.latency
                return [operation.name, Quantity.count(operation.count), Quantity.count(operation.errors)]
                    + [latency.p50, latency.p90, latency.p99, latency.p999, latency.p9999, latency.maximum]
                    .map(Quantity.time)
            })
    }

    private var faultTable: String {
        Markup.table(
            ["fault", "target", "at", "over after"],
            faults.map { fault in
                [
                    fault.kind, fault.target, "\(BenchReport.short(fault.start)) s",
                    fault.end.map { Quantity.time(($0 - fault.start) * 1e6) } ?? "not seen",
                ]
            })
    }
}

extension LoadReport.Comparison {
    fileprivate var htmlTable: String {
        Markup.table(
            ["", first, second, "÷", "÷ of each pair"],
            figures.map { figure in
                [
                    figure.name, BenchReport.short(figure.first.median), BenchReport.short(figure.second.median),
                    BenchReport.short(figure.ratio), figure.ratios.map(BenchReport.short).joined(separator: " "),
                ]
            })
    }
}
