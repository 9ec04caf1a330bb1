/// How far followers could read at which time: since when a position could be read. Milliseconds since boot.
struct ProgressHistory: Sendable {
    /// In their order. What becomes readable within ``interval`` counts as of the beginning of that time.
    private var samples: [(at: Int64, position: UInt64)] = []
    private let interval: Int64
    private let kept: Int64

    /// - Parameter length: of a lease: twice that is remembered, to a 64th of it.
    init(length: Int64) {
        interval = max(1, length / 64)
        kept = length * 2
    }

    /// The last position that can be read.
    var end: UInt64 { samples.last?.position ?? 0 }

    mutating func advance(to position: UInt64, at now: Int64) {
        guard position > end else { return }
        if let last = samples.last, now - last.at < interval {
            samples[samples.count - 1].position = position
            return
        }
        samples.append((now, position))
        if let first = samples.lastIndex(where: { $0.at <= now - kept }) { samples.removeFirst(first) }
    }

    /// How far followers could read at a time; the first thing that is remembered if that was later.
    func position(at time: Int64) -> UInt64 { (samples.last { $0.at <= time } ?? samples.first)?.position ?? 0 }

    /// Since when a position could be read, or has been remembered to be; nil if it cannot be read.
    func time(of position: UInt64) -> Int64? { samples.first { $0.position >= position }?.at }
}
