/// When the requests of an open loop are due: at a fixed rate from a start, whatever happens.
struct LoadSchedule: Sendable {
    /// How long requests that are late may still be sent after the last one was due.
    static let shortestGrace: Int64 = 1_000_000_000

    private let start: Int64
    private let interval: Double
    /// How many there are.
    let total: Int
    /// The first that was not sent yet.
    private(set) var next = 0

    /// - Parameter start: in nanoseconds.
    init(start: Int64, requestsPerSecond: Double, total: Int) {
        self.start = start
        interval = 1e9 / requestsPerSecond
        self.total = total
    }

    var isOver: Bool { next == total }

    /// When a request is due.
    @inline(__always)
    func due(_ number: Int) -> Int64 { start + Int64(Double(number) * interval) }

    /// When the next is due.
    var nextDue: Int64 { due(next) }

    /// Until when late ones are sent: then the server is given up.
    var deadline: Int64 { due(total) + max(Self.shortestGrace, (due(total) - start) / 10) }

    /// How many are due and not sent.
    func waiting(at now: Int64) -> Int {
        guard now >= nextDue else { return 0 }
        return min(total, Int(Double(now - start) / interval) + 1) - next
    }

    /// Leaves out what was due before a time.
    mutating func skip(to time: Int64) {
        while next < total, nextDue < time { next += 1 }
    }

    /// - Returns: the first of the requests that are sent now.
    @inline(__always)
    mutating func take(_ count: Int) -> Int {
        defer { next += count }
        return next
    }
}
