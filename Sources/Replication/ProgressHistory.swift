/// How far followers could read at which time: since when a position could be read. Milliseconds since boot.
struct ProgressHistory: Sendable {
    /// The last position that can be read.
    private(set) var end: UInt64 = 0
    /// In their order; the last one may be behind ``end`` for as long as ``interval``.
    private var samples: [(at: Int64, position: UInt64)] = []
    private let interval: Int64
    private let kept: Int64

    /// - Parameter length: of a lease: twice that is remembered, to a 64th of it.
    init(length: Int64) {
        interval = max(1, length / 64)
        kept = length * 2
    }

    mutating func advance(to position: UInt64, at now: Int64) {
        end = max(end, position)
        let last = samples.last ?? (at: .min / 2, position: 0)
        guard end > last.position, now - last.at >= interval else { return }
        samples.append((now, end))
        if let first = samples.lastIndex(where: { $0.at <= now - kept }) { samples.removeFirst(first) }
    }

    /// How far followers could read at a time; the first thing that is remembered if that was later.
    func position(at time: Int64) -> UInt64 { (samples.last { $0.at <= time } ?? samples.first)?.position ?? 0 }

    /// Since when a position could be read, or has been remembered to be; nil if it cannot be read.
    func time(of position: UInt64) -> Int64? {
        guard position <= end else { return nil }
        return (samples.first { $0.position >= position } ?? samples.last)?.at
    }
}
