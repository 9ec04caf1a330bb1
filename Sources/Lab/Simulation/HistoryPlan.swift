/// What one history may contain.
package struct HistoryPlan: Sendable {
    package var followers = 2
    /// Decisions until the faults end and all becomes quiet.
    package var steps = 150
    /// Interruptions of processes and connections.
    package var faults = 3
    /// The daemon's `--lease`, in milliseconds.
    package var lease: Int64 = 300
    package var keys = 3
    package var writes = 12
    /// The rule that is broken on purpose; nil for none.
    package var planted: PlantedFault?
    /// Only what ``ExhaustiveSearch`` plays: whole messages, two steps of time, one kind of write.
    var isSmall = false

    package init() {}
}

/// A rule of streams and leases that a history breaks on purpose, to show that it would be noticed.
package enum PlantedFault: String, CaseIterable, Sendable {
    /// A follower counts its lease from when it received the answer.
    case leaseCountedFromReceipt = "lease-from-receipt"
    /// A daemon that restarts on its data does not wait for leases that it promised before.
    case noWaitAfterRestart = "no-wait-after-restart"
    /// It waits as long as its leases last now, not as those lasted.
    case loweredLease = "lowered-lease"
    /// A check does not look whether its lease is the one from before the look-up.
    case regainedInBetween = "regained-in-between"
    /// A follower that is behind gets its lease renewed, and what it has not applied goes on waiting for it.
    case laggardRenewed = "laggard-renewed"
    /// A follower says that it has applied what it has only received.
    case saidBeforeApplied = "said-before-applied"
    /// A write that changes nothing does not wait for what it found.
    case unchangedAtOnce = "unchanged-at-once"
    /// A copy is believed from its beginning on.
    case incompleteBelieved = "incomplete-believed"
    /// A daemon goes on with a stream of another stretch.
    case foreignStretch = "foreign-stretch"
    /// It goes on from a stretch before for one that has read what is not on disk of it.
    case beyondTheEnd = "beyond-the-end"
    /// An undo is sent to followers before it is on disk.
    case undoSentEarly = "undo-sent-early"
    /// A write is answered when followers have applied it, on disk or not.
    case beforeTheDisk = "before-the-disk"
    /// A copy without a daemon answers, however old it is.
    case anyAge = "any-age"
    /// It carries guarded time on though it goes on with a daemon whose machine was off.
    case timeCarriedOn = "time-carried-on"
    /// A receipt counts the followers that were sent the write.
    case receiptOfSent = "receipt-of-sent"
    /// Guarded time is put forward while the daemon serves.
    case timePutForward = "time-put-forward"
    /// Expiries of a file are not shifted, though its note says so.
    case shiftForgotten = "shift-forgotten"
    /// A cut-off takes the store's time from before the call.
    case earlierTime = "earlier-time"
    /// An acknowledgement counts, whatever epoch it carries.
    case anyEpoch = "any-epoch"

    /// By which of them it has to be noticed.
    package var invariants: [Violation.Invariant] {
        switch self {
        case .leaseCountedFromReceipt, .noWaitAfterRestart, .loweredLease, .saidBeforeApplied, .unchangedAtOnce,
            .incompleteBelieved, .anyEpoch:
            [.acknowledgedIsHeld]
        case .undoSentEarly: [.acknowledgedIsHeld, .copyIsRecent]
        case .anyAge: [.copyIsRecent]
        case .timeCarriedOn: [.knownWins]
        case .receiptOfSent: [.receiptIsTrue]
        case .beforeTheDisk: [.acknowledgedIsHeld, .entryLives]
        case .regainedInBetween: [.clearIsTrue]
        case .laggardRenewed: [.answeredInTime]
        case .foreignStretch, .beyondTheEnd: [.copiesAreEqual, .entryLives, .acknowledgedIsHeld]
        case .shiftForgotten: [.entryLives, .copiesAreEqual]
        case .timePutForward: [.entryLives]
        case .earlierTime: [.cutOffCovers]
        }
    }
}

/// A rule that a history has broken.
package struct Violation: Error, Sendable, CustomStringConvertible {
    package enum Invariant: String, Sendable, CaseIterable {
        /// What was acknowledged is in the copy of everyone who holds a lease.
        case acknowledgedIsHeld = "what was acknowledged is at each follower that holds a lease"
        /// A check that begins after an acknowledgement is not answered "clear".
        case clearIsTrue = "a check that began after an acknowledgement refuses"
        /// A write is answered within a lease's length and the disk's time, whatever followers do.
        case answeredInTime = "a write is answered in time"
        /// What was acknowledged longer ago than a copy may be old is in it, with or without a daemon.
        case copyIsRecent = "a copy is no older than it may be"
        /// A revocation that a copy has is not answered "clear" because its daemon is away.
        case knownWins = "a revocation that a copy has wins"
        /// A receipt counts no follower that has not applied the write.
        case receiptIsTrue = "a receipt counts those that have applied the write"
        /// When all is quiet the copies are the daemon's table.
        case copiesAreEqual = "copies are equal when all is quiet"
        /// An entry is there for its time.
        case entryLives = "an entry is there for its time"
        /// A log-in that ended before a cut-off began is dead; one that began after its acknowledgement lives.
        case cutOffCovers = "a cut-off covers the log-ins before it, and no later one"
    }

    package let invariant: Invariant
    package let what: String

    package var description: String { "\(invariant.rawValue): \(what)" }
}
