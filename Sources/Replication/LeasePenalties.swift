/// Who gets no lease for how long. Milliseconds since boot.
///
/// A follower whose lease had to be waited out gets none for 10 s, then for twice as long each time, up to 10 min. When
/// 6 s were waited within a minute none is granted for a minute.
///
/// A follower chooses its name. So those of its user and host that join after its last lease was granted get none
/// either, for 10 s and up to a minute: it may be one of them. Its neighbours that were there before are not affected.
struct LeasePenalties: Sendable {
    static let first: Int64 = 10_000
    static let longest: Int64 = 600_000
    static let longestOfNewcomers: Int64 = 60_000
    static let stormTime: Int64 = 60_000
    static let stormLimit: Int64 = 6_000
    /// Followers that are remembered, and as many users and hosts.
    static let maximum = 1_024

    private struct Penalty {
        var until: Int64
        var length: Int64
        /// When the lease was granted that it is for.
        var grantedAt: Int64
    }

    private var penalties: [String: Penalty] = [:]
    /// By user and host, for those who join later.
    private var newcomers: [String: Penalty] = [:]
    /// What was waited within the last minute: when it ended, and for how long.
    private var waits: [(end: Int64, length: Int64)] = []
    private var stormUntil: Int64?

    /// For how long a follower gets none; nil if it may.
    /// - Parameter origin: its user and host.
    func left(of identity: String, from origin: String, joinedAt: Int64, at now: Int64) -> Int64? {
        let own = penalties[identity]?.until ?? now
        let others = newcomers[origin].map { joinedAt >= $0.grantedAt ? $0.until : now } ?? now
        return max(own, others) > now ? max(own, others) - now : nil
    }

    /// Names, and users with their hosts.
    var rememberedCount: Int { penalties.count + newcomers.count }

    func stormLeft(at now: Int64) -> Int64? { stormUntil.flatMap { $0 > now ? $0 - now : nil } }

    /// - Returns: for how long it gets none; nil if that was said before.
    /// - Parameter grantedAt: when it was granted the lease that was waited for.
    mutating func punish(_ identity: String, from origin: String, grantedAt: Int64, at now: Int64) -> Int64? {
        _ = Self.add(origin, to: &newcomers, longest: Self.longestOfNewcomers, grantedAt: grantedAt, at: now)
        return Self.add(identity, to: &penalties, longest: Self.longest, grantedAt: grantedAt, at: now)
    }

    /// - Returns: how long it is; nil if one is under way.
    private static func add(
        _ key: String, to penalties: inout [String: Penalty], longest: Int64, grantedAt: Int64, at now: Int64
    ) -> Int64? {
        let known = penalties[key]
        if let known, known.until > now { return nil }
        // After ten minutes without another it begins anew.
        let isRepeated = known.map { now - $0.until < Self.longest } ?? false
        let length = isRepeated ? min(longest, (known?.length ?? 0) * 2) : Self.first
        if known == nil, penalties.count >= Self.maximum { forget(&penalties, at: now) }
        penalties[key] = Penalty(until: now + length, length: length, grantedAt: grantedAt)
        return length
    }

    private static func forget(_ penalties: inout [String: Penalty], at now: Int64) {
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
