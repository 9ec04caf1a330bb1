import Contract

/// The epoch that this process has pinned (WireContract.md, *The epoch*), and the terms read with it.
struct EpochPin: Sendable {
    /// The shortest time between two reads of an acceptance or of new terms.
    static let interval = Duration.milliseconds(200)

    private(set) var pinned: [UInt8]?
    /// nil until terms were read under the pinned epoch.
    private(set) var pinnedEpoch: PinnedEpoch?
    /// The terms that the store last had under the pinned epoch. Written again if it loses them.
    private(set) var knownTerms: Terms?
    private var askedAt: ContinuousClock.Instant?
    private let omitted: OmittedProtection?

    /// - Parameter epoch: the configured one, or that of the state file; nil pins the first one read.
    init(_ epoch: [UInt8]?, omitting omitted: OmittedProtection? = nil) {
        pinned = epoch
        self.omitted = omitted
    }

    /// Pins the first epoch, if it is a bare one. An epoch that names what it replaces waits for an operator.
    /// - Returns: the pinned epoch, empty if none is, and whether it was pinned by this call.
    mutating func pin(seeing epoch: [UInt8]?) -> (pinned: [UInt8], isNew: Bool) {
        if let pinned { return (pinned, false) }
        guard let identity = Epoch.Identity(epoch), identity.successor == nil,
            identity.replaced == nil || omitted == .bareEpoch
        else { return ([], false) }
        pinned = identity.epoch
        return (identity.epoch, true)
    }

    /// Applies terms that were read with the pinned epoch.
    mutating func adopt(_ pinnedEpoch: PinnedEpoch) {
        guard pinnedEpoch.epoch == pinned else { return }
        self.pinnedEpoch = pinnedEpoch
        if !pinnedEpoch.terms.areUnwritten { knownTerms = pinnedEpoch.terms.terms }
    }

    /// Makes the next call read the terms again.
    mutating func forgetTerms() {
        pinnedEpoch = nil
    }

    /// Whether it is time to ask again.
    mutating func shouldAsk(now: ContinuousClock.Instant) -> Bool {
        if let askedAt, now - askedAt < Self.interval { return false }
        askedAt = now
        return true
    }

    /// Pins an epoch that an operator accepted in place of the pinned one. An acceptance outranks a configured epoch:
    /// both come from an operator, and the acceptance is later.
    /// - Parameter epoch: the epoch of the store.
    /// - Parameter accepted: the acceptance in the same reply. It names both epochs.
    /// - Returns: whether the pin has moved.
    mutating func accept(epoch: [UInt8]?, accepted: [UInt8]?) -> Bool {
        guard let pinned, let identity = Epoch.Identity(epoch), identity.epoch != pinned,
            identity.successor == nil, isAccepted(identity, in: pinned, Epoch.Identity(accepted))
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
