import Contract

/// The store that this process believes (WireContract.md, *The epoch*): the epoch that it has pinned, and the terms
/// that it read with it.
struct EpochPin: Sendable {
    /// How often the store is asked at most whether an operator has accepted its new epoch, or changed its terms.
    static let interval = Duration.milliseconds(200)

    private(set) var pinned: [UInt8]?
    /// nil until terms were read under the pinned epoch.
    private(set) var pinnedEpoch: PinnedEpoch?
    /// The terms that the store last had under the pinned epoch: what it gets again if it loses them.
    private(set) var knownTerms: Terms?
    private var askedAt: ContinuousClock.Instant?
    private let omitted: OmittedProtection?

    /// - Parameter epoch: the configured one, or that of the state file; nil pins the first that is seen.
    init(_ epoch: [UInt8]?, omitting omitted: OmittedProtection? = nil) {
        pinned = epoch
        self.omitted = omitted
    }

    /// Pins an epoch if it is the first one, and a bare one: one that says what it replaces waits for an operator.
    /// - Returns: the epoch to compare with, and whether it was pinned just now; none if there is none.
    mutating func pin(seeing epoch: [UInt8]?) -> (pinned: [UInt8], isNew: Bool) {
        if let pinned { return (pinned, false) }
        guard let identity = Epoch.Identity(epoch), identity.replaced == nil || omitted == .bareEpoch else {
            return ([], false)
        }
        pinned = identity.epoch
        return (identity.epoch, true)
    }

    /// Goes by terms from now on that were read with the pinned epoch.
    mutating func adopt(_ pinnedEpoch: PinnedEpoch) {
        guard pinnedEpoch.epoch == pinned else { return }
        self.pinnedEpoch = pinnedEpoch
        if !pinnedEpoch.terms.areUnwritten { knownTerms = pinnedEpoch.terms.terms }
    }

    /// Reads the terms again before anything else is believed.
    mutating func forgetTerms() {
        pinnedEpoch = nil
    }

    /// Whether it is time to ask again.
    mutating func shouldAsk(now: ContinuousClock.Instant) -> Bool {
        if let askedAt, now - askedAt < Self.interval { return false }
        askedAt = now
        return true
    }

    /// Takes over an epoch that an operator accepted in place of the pinned one. An acceptance outranks a configured
    /// epoch: both are an operator's word, and the acceptance is the later one.
    /// - Parameter epoch: what the store carries.
    /// - Parameter accepted: what the store says was accepted, in the same reply: it names both epochs.
    /// - Returns: whether the pin has moved.
    mutating func accept(epoch: [UInt8]?, accepted: [UInt8]?) -> Bool {
        guard let pinned, let identity = Epoch.Identity(epoch), identity.epoch != pinned,
            isAccepted(identity, in: pinned, Epoch.Identity(accepted))
        else { return false }
        self.pinned = identity.epoch
        pinnedEpoch = nil
        knownTerms = nil
        return true
    }

    /// Whether an operator has accepted an epoch in place of the pinned one.
    private func isAccepted(_ identity: Epoch.Identity, in pinned: [UInt8], _ acceptance: Epoch.Identity?) -> Bool {
        guard omitted != .acceptance else { return true }
        guard let acceptance, acceptance.epoch == identity.epoch else { return false }
        return acceptance.replaced == pinned || omitted == .replacedEpoch && acceptance.replaced != nil
    }
}
