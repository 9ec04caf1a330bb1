/// Who gets no lease for how long. Milliseconds since boot.
///
/// A follower whose lease had to be waited out gets none for 10 s, then for twice as long each time, up to 10 min. When
/// 6 s were waited within a minute none is granted for a minute.
struct LeasePenalties: Sendable {
    static let first: Int64 = 10_000
    static let longest: Int64 = 600_000
    static let stormTime: Int64 = 60_000
    static let stormLimit: Int64 = 6_000
    /// Followers that are remembered.
    static let maximum = 1_024

    private struct Penalty {
        var until: Int64
        var length: Int64
    }

    private var penalties: [String: Penalty] = [:]
    /// What was waited within the last minute: when it ended, and for how long.
    private var waits: [(end: Int64, length: Int64)] = []
    private var stormUntil: Int64?

    /// For how long a follower gets none; nil if it may.
    func left(of identity: String, at now: Int64) -> Int64? {
        penalties[identity].flatMap { $0.until > now ? $0.until - now : nil }
    }

    func stormLeft(at now: Int64) -> Int64? { stormUntil.flatMap { $0 > now ? $0 - now : nil } }

    /// - Returns: for how long it gets none; nil if that was said before.
    mutating func punish(_ identity: String, at now: Int64) -> Int64? {
        let known = penalties[identity]
        if let known, known.until > now { return nil }
        // After a time as long as the longest penalty, without another, it begins anew.
        let isRepeated = known.map { now - $0.until < Self.longest } ?? false
        let length = isRepeated ? min(Self.longest, (known?.length ?? 0) * 2) : Self.first
        if known == nil, penalties.count >= Self.maximum { forget(at: now) }
        penalties[identity] = Penalty(until: now + length, length: length)
        return length
    }

    private mutating func forget(at now: Int64) {
        penalties = penalties.filter { now - $0.value.until < Self.longest }
        guard penalties.count >= Self.maximum else { return }
        let oldest = penalties.min { ($0.value.until, $0.key) < ($1.value.until, $1.key) }
        if let oldest { penalties[oldest.key] = nil }
    }

    /// Writes were waited for; what several followers were waited for at the same time counts once.
    /// - Returns: whether no lease is granted from now on, for a while.
    mutating func noteWait(from start: Int64, to end: Int64) -> Bool {
        waits.removeAll { end - $0.end >= Self.stormTime }
        let start = max(start, waits.last?.end ?? start)
        if end > start { waits.append((end, end - start)) }
        guard stormLeft(at: end) == nil, waits.reduce(0, { $0 + $1.length }) >= Self.stormLimit else { return false }
        stormUntil = end + Self.stormTime
        waits = []
        return true
    }
}
