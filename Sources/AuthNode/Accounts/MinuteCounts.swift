import RevocationHTTP

/// Counts what each source did wrong in a minute, in bounded memory. The minute begins with the first fault.
struct MinuteCounts<Source: Hashable> {
    private static var minute: Int64 { 60_000 }

    private struct Count {
        var faults = 0
        let since: Int64
    }

    private var counts: BoundedTable<Source, Count>

    /// - Parameter capacity: of each half of the table.
    init(capacity: Int) { counts = BoundedTable(capacity: capacity) }

    /// The number of sources counted.
    var size: Int { counts.count }

    /// How long a source has to wait, in milliseconds; nil while it has fewer faults than `limit`.
    func wait(of source: Source, limit: Int, now: Int64) -> Int64? {
        let count = current(source, now)
        return count.faults >= limit ? count.since + Self.minute - now : nil
    }

    mutating func add(_ source: Source, now: Int64) {
        var count = current(source, now)
        count.faults += 1
        counts.set(count, for: source)
    }

    /// Takes back a fault that was added at `instant`. One of an earlier minute, or a dropped one, does not count.
    mutating func forgive(_ source: Source, addedAt instant: Int64) {
        guard var count = counts[source], count.since <= instant else { return }
        count.faults -= 1
        if count.faults > 0 { counts.set(count, for: source) } else { counts.remove(source) }
    }

    private func current(_ source: Source, _ now: Int64) -> Count {
        // A clock that was set back must not lock out users.
        if let count = counts[source], (0..<Self.minute).contains(now - count.since) { return count }
        return Count(since: now)
    }
}
