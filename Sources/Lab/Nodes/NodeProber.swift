/// Watches how fast a revocation arrives: asks every other node for one token, again and again, from before its
/// revocation until each has refused it. One at a time; pure, the load sends.
struct NodeProber {
    /// How often a node is asked, in nanoseconds: twice as often as promised, because sending may be late.
    private static let interval: Int64 = 1_000_000
    /// The longest that there may be between two questions.
    static let promisedInterval: Int64 = 2_000_000
    /// How long before the revocation the asking begins.
    private static let lead: Int64 = 8_000_000
    private static let patience: Int64 = 10_000_000_000

    struct Probe {
        let device: SimulatedUser.Device
        let token: TokenRecord
        /// Where it is revoked.
        let revoker: Int
        let beganAt: Int64
        let isEverywhere: Bool
        var revocationSentAt: Int64?
        var acknowledgedAt: Int64?
        /// By node.
        var askedAt: [Int64]
        var refusedAt: [Int64?]
    }

    /// What became of the asking.
    private let period: Int64
    private let nodes: Int
    private var nextAt: Int64 = 0
    private(set) var active: Probe?
    private(set) var late = LateProbes()

    init(perSecond: Double, nodes: Int) {
        period = perSecond > 0 ? Int64(1e9 / perSecond) : .max
        self.nodes = nodes
    }

    var isActive: Bool { active != nil }

    func isDue(_ now: Int64) -> Bool { active == nil && period != .max && nodes > 1 && now >= nextAt }

    mutating func begin(_ device: SimulatedUser.Device, _ token: TokenRecord, random: inout Random, at now: Int64) {
        nextAt = now + period
        active = Probe(
            device: device, token: token, revoker: Int(random.next(below: UInt64(nodes))), beganAt: now,
            isEverywhere: random.next(below: 4) == 0, askedAt: Array(repeating: 0, count: nodes),
            refusedAt: Array(repeating: nil, count: nodes))
    }

    /// The nodes that are to be asked now.
    func nodesToAsk(_ now: Int64) -> [Int] {
        guard let active else { return [] }
        return (0..<nodes).filter {
            $0 != active.revoker && active.refusedAt[$0] == nil && now - active.askedAt[$0] >= Self.interval
        }
    }

    mutating func asked(_ node: Int, at now: Int64) {
        guard let before = active?.askedAt[node] else { return }
        if before != 0 { late.asked(after: now - before) }
        active?.askedAt[node] = now
    }

    /// Whether the token is to be revoked now.
    func shouldRevoke(_ now: Int64) -> Bool {
        guard let active, active.revocationSentAt == nil else { return false }
        return now - active.beganAt >= Self.lead
    }

    mutating func revoked(at now: Int64) { active?.revocationSentAt = now }

    mutating func revocationEnded(isAcknowledged: Bool, at now: Int64) {
        if isAcknowledged { active?.acknowledgedAt = now } else { giveUp() }
    }

    mutating func refused(_ token: TokenRecord, by node: Int, at now: Int64) {
        guard let active, active.token === token, active.refusedAt[node] == nil else { return }
        self.active?.refusedAt[node] = now
    }

    struct Outcome: Equatable {
        /// The time of the revocation itself, in nanoseconds.
        let revocation: Int64
        /// From the acknowledgement to the first refusal, for each of the other nodes; 0 if that came before.
        let untilRefused: [Int64]
    }

    /// - Returns: what was found, once, when all nodes have refused.
    mutating func takeOutcome(_ now: Int64) -> Outcome? {
        guard let probe = active else { return nil }
        guard let sentAt = probe.revocationSentAt, let acknowledgedAt = probe.acknowledgedAt,
            probe.refusedAt.indices.allSatisfy({ $0 == probe.revoker || probe.refusedAt[$0] != nil })
        else {
            if now - probe.beganAt > Self.patience { giveUp() }
            return nil
        }
        active = nil
        return Outcome(
            revocation: acknowledgedAt - sentAt,
            untilRefused: probe.refusedAt.compactMap { $0.map { max(0, $0 - acknowledgedAt) } })
    }

    private mutating func giveUp() {
        late.abandoned += 1
        active = nil
    }
}

/// How well the prober kept its promise to ask every 2 ms.
struct LateProbes: Sendable {
    private(set) var asked = 0
    private(set) var late = 0
    /// In nanoseconds.
    private(set) var longest: Int64 = 0
    /// Probes without an end: the revocation was not acknowledged, or a node did not answer.
    var abandoned = 0

    /// Of all questions, 0 to 1.
    var share: Double { asked == 0 ? 0 : Double(late) / Double(asked) }

    mutating func asked(after interval: Int64) {
        asked += 1
        longest = max(longest, interval)
        if interval > NodeProber.promisedInterval { late += 1 }
    }
}
