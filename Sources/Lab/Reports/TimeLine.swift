/// The seconds of a run, put together from what several threads recorded.
///
/// Only the last few keep their histogram, so that a run of a day needs no more memory than one of a minute.
struct TimeLine: Sendable {
    /// Threads hand a second over at most this late; what comes later still is in its counts, not in its percentiles.
    private static let openSeconds = 10

    private var open: [Int: SecondRecord] = [:]
    private var closed: [Int: LoadReport.Second] = [:]
    private var newest = 0

    mutating func add(_ record: SecondRecord, to second: Int) {
        if var known = closed[second] {
            known.completed += record.completed
            known.errors += record.errors
            known.violations += record.violations
            known.maximum = max(known.maximum, record.figures(second).maximum)
            closed[second] = known
            return
        }
        open[second, default: SecondRecord()].add(record)
        guard second > newest else { return }
        newest = second
        for old in open.keys where old <= newest - Self.openSeconds {
            closed[old] = open.removeValue(forKey: old)?.figures(old)
        }
    }

    /// Every second from the first of the run to the last in which anything ended; those in which nothing did, too.
    var seconds: [LoadReport.Second] {
        let all = closed.merging(open.map { ($0, $1.figures($0)) }) { $1 }
        guard let last = all.keys.max() else { return [] }
        return (0...last).map { all[$0] ?? SecondRecord().figures($0) }
    }
}
