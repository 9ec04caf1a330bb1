import Foundation

/// What the rounds against one server showed: medians, and medians of the ratios within each round.
struct ClientReport {
    private typealias Sample = ClientMeasurement.Sample

    private var rounds: [[Sample]] = []

    mutating func add(round: [ClientMeasurement.Sample]) { rounds.append(round) }

    /// A table in Markdown.
    var text: String {
        var lines = [
            "| operation | by | per second | CPU µs each | server's CPU µs | commands per write | CPU of C | CPU of flushing | rate of 50 × 1 |",
            "|---|---|---:|---:|---:|---:|---:|---:|---:|",
        ]
        for row in rounds.first ?? [] {
            lines.append(
                [
                    row.operation.rawValue, row.subject.title, format(median(row, \.perSecond), 0),
                    format(median(row, \.nanoseconds) / 1_000, 2),
                    format(median(row, \.storeNanoseconds) / 1_000, 2),
                    row.commandsPerWrite == nil ? "" : format(median(row) { $0.commandsPerWrite ?? .nan }, 1),
                    ratio(row, to: .baseline, \.nanoseconds), ratio(row, to: row.subject.flushing, \.nanoseconds),
                    ratio(row, to: .connections(50), \.perSecond),
                ].reduce(into: "|") { $0 += " \($1) |" })
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func sample(of round: [Sample], like row: Sample, by subject: ClientMeasurement.Subject) -> Sample? {
        round.first { $0.operation == row.operation && $0.subject == subject }
    }

    private func median(_ row: Sample, _ value: (Sample) -> Double) -> Double {
        rounds.compactMap { sample(of: $0, like: row, by: row.subject).map(value) }.median
    }

    /// This row's value divided by another's of the same round; nothing for the row itself.
    private func ratio(
        _ row: Sample, to other: ClientMeasurement.Subject?, _ value: (Sample) -> Double
    ) -> String {
        guard let other, other != row.subject else { return "" }
        let ratios = rounds.compactMap { round -> Double? in
            guard let mine = sample(of: round, like: row, by: row.subject),
                let peer = sample(of: round, like: row, by: other)
            else { return nil }
            return value(mine) / value(peer)
        }
        return ratios.isEmpty ? "" : format(ratios.median, 2)
    }

    private func format(_ number: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", number) }
}

extension ClientMeasurement.Subject {
    fileprivate var title: String {
        switch self {
        case .baseline: "C, 64 in flight"
        case .connections(let count): "C, \(count) connections × 1"
        case .client(let tasks, let mode): "\(tasks) \(tasks == 1 ? "task" : "tasks"), \(mode.rawValue)"
        }
    }

    /// The same without pipelining.
    fileprivate var flushing: Self? {
        guard case .client(let tasks, _) = self else { return nil }
        return .client(tasks: tasks, .flushing)
    }
}
