import Foundation

/// How long the operations took: a line for each kind over the percentiles, the rarest to the right.
struct DistributionChart {
    /// As many as have a style of their own.
    private static let maximumLines = 6

    private let operations: [LoadReport.Operation]

    init(_ report: LoadReport) {
        operations = Array(
            report.operations.filter { $0.count > 0 }.sorted { $0.count > $1.count }.prefix(Self.maximumLines))
    }

    var html: String {
        guard !operations.isEmpty else { return "" }
        let most = Double(operations.map(\.count).max() ?? 1)
        // As far as there is one operation in so many, within reason.
        let last = min(99.9999, max(99.99, 100 - 100 / most))
        let values = operations.flatMap { $0.latency.points.map(\.value) + [$0.latency.maximum] }
        return Chart.figure(
            "Latency distribution",
            legend: operations.enumerated().map { Chart.key("line series\($0)", $1.name) }.joined(), height: 250,
            "Latency by percentile, for each kind of operation, on a logarithmic scale"
        ) { chart in
            let horizontal = Axis.percentile(to: last, from: chart.originX, length: chart.plotWidth)
            let vertical = Axis.latency(values, bottom: chart.bottomY, height: chart.height)
            chart.drawHorizontal(horizontal)
            chart.drawVertical(vertical)
            for (index, operation) in operations.enumerated() {
                let points = operation.latency.points.filter { $0.percentile <= last }
                chart.curve(
                    "line series\(index)",
                    points.map { (horizontal.place(Axis.depth($0.percentile)), vertical.place($0.value)) })
            }
        }
    }
}
