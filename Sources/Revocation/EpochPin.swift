/// The epoch that this process believes (DESIGN §3).
struct EpochPin: Sendable {
    /// How often the store is asked at most whether an operator has accepted its new epoch.
    static let acceptanceInterval = Duration.milliseconds(200)

    private(set) var belief: Belief?
    var pinned: [UInt8]? { belief?.epoch }
    private var askedAt: ContinuousClock.Instant?

    /// - Parameter epoch: the configured one; nil pins the first that is seen.
    init(_ epoch: [UInt8]?) {
        belief = epoch.map { Belief($0) }
    }

    /// The epoch to compare with the one in a reply, which is pinned now if it is the first.
    mutating func pinned(seeing epoch: [UInt8]?) -> [UInt8] {
        if belief == nil, let epoch, !epoch.isEmpty { belief = Belief(epoch) }
        return pinned ?? []
    }

    /// Whether it is time to ask for an acceptance.
    mutating func shouldAsk(now: ContinuousClock.Instant) -> Bool {
        if let askedAt, now - askedAt < Self.acceptanceInterval { return false }
        askedAt = now
        return true
    }

    /// Takes over an epoch that an operator accepted. An acceptance outranks a configured epoch: both are an operator's
    /// word, and the acceptance is the later one.
    /// - Parameter epoch: what the store carries.
    /// - Parameter accepted: what the store says was accepted, in the same reply.
    /// - Returns: whether the pin has moved.
    mutating func accept(epoch: [UInt8]?, accepted: [UInt8]?) -> Bool {
        guard let pinned, let epoch, !epoch.isEmpty, epoch == accepted, epoch != pinned else { return false }
        belief = Belief(epoch)
        return true
    }
}
