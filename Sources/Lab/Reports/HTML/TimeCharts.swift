import Foundation

/// The charts over a run's time; all have the same axis, with the faults marked in each.
struct TimeCharts {
    /// More than a picture can show.
    private static let maximumPoints = 600

    private let report: LoadReport
    private let end: Double
    private let points: [Point]
    /// How many seconds a point stands for.
    private let pointSeconds: Int

    /// One second, or several put together.
    private struct Point {
        var start: Double
        var length: Double
        var seconds: ArraySlice<LoadReport.Second>

        var completed: Int { seconds.reduce(0) { $0 + $1.completed } }
        var errors: Int { seconds.reduce(0) { $0 + $1.errors } }
        var violations: Int { seconds.reduce(0) { $0 + $1.violations } }
        var rate: Double { Double(completed) / length }
        /// The middle of the medians, and the worst of the others.
        var p50: Double { seconds.filter { $0.completed > 0 }.map(\.p50).median }
        var p99: Double { seconds.map(\.p99).max() ?? 0 }
        var maximum: Double { seconds.map(\.maximum).max() ?? 0 }
        var middle: Double { start + length / 2 }
    }

    init(_ report: LoadReport) {
        self.report = report
        let last = report.timeLine.last.map { Double($0.second + 1) } ?? 0
        let end = report.seconds > 0 ? report.seconds : last
        let perPoint = max(1, (report.timeLine.count + Self.maximumPoints - 1) / Self.maximumPoints)
        self.end = end
        pointSeconds = perPoint
        points = stride(from: 0, to: report.timeLine.count, by: perPoint).compactMap { first in
            let seconds = report.timeLine[first..<min(first + perPoint, report.timeLine.count)]
            let length = min(Double(first + seconds.count), end) - Double(first)
            // The run ended just after this second began: its rate would be one of a few milliseconds.
            guard length >= 0.2 else { return nil }
            return Point(start: Double(first), length: length, seconds: seconds)
        }
    }

    private var unit: String { pointSeconds == 1 ? "" : ", each point \(pointSeconds) s" }

    var latency: String {
        let values = points.flatMap { $0.completed > 0 ? [$0.p50, $0.p99, $0.maximum] : [] }
        return Chart.figure(
            "Latency over time",
            legend: Chart.key("line maximum", "max") + Chart.key("line p99", "p99") + Chart.key("line p50", "p50")
                + groundKey,
            height: 250, "Latency over time\(unit): p50, p99 and the longest, on a logarithmic scale"
        ) { chart in
            let time = time(in: chart)
            let axis = Axis.latency(values, bottom: chart.bottomY, height: chart.height)
            drawGround(&chart, time, axis)
            for (kind, value) in [
                ("maximum", { $0.maximum }), ("p99", { $0.p99 }), ("p50", { $0.p50 }),
            ] as [(String, (Point) -> Double)] {
                chart.curve(
                    "line \(kind)",
                    points.map { $0.completed > 0 ? (time.place($0.middle), axis.place(value($0))) : nil })
            }
            drawTips(&chart, time)
        }
    }

    var throughput: String {
        let highest = points.map { max($0.rate, Double($0.errors) / $0.length) }.max() ?? 0
        return Chart.figure(
            "Throughput over time",
            legend: Chart.key("line rate", "completed/s") + Chart.key("sample error", "errors/s")
                + "<span class=\"key\"><b class=\"bad\" aria-hidden=\"true\">▼</b>violation</span>" + groundKey,
            height: 190, "Completed operations per second\(unit), with errors and violations marked"
        ) { chart in
            let time = time(in: chart)
            let axis = Axis.rate(to: highest, bottom: chart.bottomY, height: chart.height)
            drawGround(&chart, time, axis)
            for point in points where point.errors > 0 {
                let (left, right) = (time.place(point.start), time.place(point.start + point.length))
                // However few there are, they show.
                let height = max(3, chart.bottomY - axis.place(Double(point.errors) / point.length))
                chart.box("error", x: left, y: chart.bottomY - height, width: max(2, right - left), height: height)
            }
            chart.curve("line rate", points.map { (time.place($0.middle), axis.place($0.rate)) })
            drawTips(&chart, time)
            for point in points where point.violations > 0 {
                chart.marker(
                    "violation", at: (time.place(point.middle), chart.topY + 4),
                    tip: "\(point.violations) violations at \(Quantity.seconds(point.start))")
                chart.text("count", "start", (time.place(point.middle) + 8, chart.topY - 3), "\(point.violations)")
            }
        }
    }

    /// What was done to whom, in the same axis; empty if nothing was.
    var faults: String {
        guard !report.faults.isEmpty else { return "" }
        var targets: [String] = []
        for fault in report.faults where !targets.contains(fault.target) { targets.append(fault.target) }
        let rowHeight = 28.0
        return Chart.figure(
            "Faults", legend: faultKey, height: Double(targets.count) * rowHeight,
            "Faults over time: \(report.faults.count) on \(targets.joined(separator: ", "))"
        ) { chart in
            let time = time(in: chart)
            chart.drawHorizontal(time)
            for (row, target) in targets.enumerated() {
                let y = chart.topY + Double(row) * rowHeight
                chart.text("tick", "end", (chart.originX - 7, y + rowHeight / 2 + 4), target)
                chart.line("grid", from: (chart.originX, y), to: (chart.originX + chart.plotWidth, y))
                var labelEnd = 0.0
                for fault in report.faults.sorted(by: { $0.start < $1.start }) where fault.target == target {
                    let (left, right) = (time.place(fault.start), time.place(fault.end ?? end))
                    chart.box(
                        fault.end == nil ? "fault open" : "fault", x: left, y: y + 4, width: max(3, right - left),
                        height: rowHeight - 8, tip: tip(fault))
                    // A name stands where it runs into no other, nor out of the picture.
                    let width = Double(fault.kind.count) * 6.6
                    let start = min(left + 4, chart.originX + chart.plotWidth - width - 4)
                    guard start >= labelEnd else { continue }
                    chart.text("label", "start", (start, y + rowHeight / 2 + 4), fault.kind)
                    labelEnd = start + 4 + width
                }
            }
        }
    }

    // MARK: What they share

    private var groundKey: String {
        let phase = shadedPhases.first.map { Chart.key("sample turn", $0.name) } ?? ""
        return phase + faultKey
    }

    private var faultKey: String {
        report.faults.isEmpty ? "" : Chart.key("sample fault", "fault until it was over")
    }

    private func time(in chart: Chart) -> Axis { .seconds(to: end, from: chart.originX, length: chart.plotWidth) }

    private func drawGround(_ chart: inout Chart, _ time: Axis, _ vertical: Axis) {
        for phase in shadedPhases {
            let (left, right) = (time.place(phase.start), time.place(phase.end))
            chart.box("turn", x: left, y: chart.topY, width: right - left, height: chart.height)
        }
        for fault in report.faults {
            let (left, right) = (time.place(fault.start), time.place(fault.end ?? end))
            chart.box("fault", x: left, y: chart.topY, width: max(2, right - left), height: chart.height)
            chart.line("faultstart", from: (left, chart.topY), to: (left, chart.bottomY))
        }
        chart.drawHorizontal(time)
        chart.drawVertical(vertical)
        for phase in report.phases ?? [] {
            let left = time.place(phase.start)
            guard Double(phase.name.count) * 6.6 < time.place(phase.end) - left else { continue }
            chart.text("label", "start", (left + 4, chart.topY - 5), phase.name)
        }
    }

    /// The phases with another name than the first are shaded.
    private var shadedPhases: [LoadReport.Phase] {
        (report.phases ?? []).filter { $0.name != report.phases?.first?.name }
    }

    /// A place for the pointer at each point, which tells its figures.
    private func drawTips(_ chart: inout Chart, _ time: Axis) {
        guard chart.width == .wide else { return }
        for point in points {
            let (left, right) = (time.place(point.start), time.place(point.start + point.length))
            var tip = "\(Quantity.seconds(point.start)): \(Quantity.count(Int(point.rate)))/s"
            if point.completed > 0 {
                tip += """
                    , p50 \(Quantity.time(point.p50)), p99 \(Quantity.time(point.p99)), \
                    max \(Quantity.time(point.maximum))
                    """
            }
            if point.errors > 0 { tip += ", \(Quantity.count(point.errors)) errors" }
            if point.violations > 0 { tip += ", \(Quantity.count(point.violations)) violations" }
            chart.box("touch", x: left, y: chart.topY, width: right - left, height: chart.height, tip: tip)
        }
    }

    private func tip(_ fault: LoadReport.Fault) -> String {
        let duration = fault.end.map { "over after \(Quantity.time(($0 - fault.start) * 1e6))" }
        return
            "\(fault.kind), \(fault.target), at \(BenchReport.short(fault.start)) s, \(duration ?? "its end was not seen")"
    }
}
