public import Contract

/// What a server does with an unknown verdict (WireContract.md, *Words*). For checks only: log-in, rotation and log-out
/// fail.
public enum FailurePolicy: Sendable, Equatable {
    /// Refuses the token with 503: a revoked token must never pass because the store is away.
    case deny
    /// Lets the token pass while the store is away, or proves nothing for its own reasons: it has lost its memory, say.
    /// Counted and logged. A token that no revocation could end is refused, and so is the caller that was cancelled
    /// before the store answered.
    case allow
    /// Lets the token pass while the store is away, if this process proved it clear at most this long ago under the
    /// same epoch. The age counts from when the look-up was sent. A revocation by this process that could match ends
    /// it.
    case lastKnown(for: Duration)
    /// Lets the token pass while the store is away, if this process has a copy of the denylist
    /// (``RevocationConfiguration/Checks/local(maximumBytes:)``) that was complete at most this long ago, under the
    /// same epoch, and does not name it. The age counts from when the renewal was sent that proved the copy complete.
    /// Counted and logged. A revocation by this process that could match refuses it.
    ///
    /// What another process has revoked since is missed, if the store still takes it: it may be away from here only.
    case copy(noOlderThan: Duration)
}

/// Whether a token may pass.
public enum Admission: Sendable {
    case admitted(Grounds)
    /// 401.
    case revoked(Reason)
    /// The verdict is unknown, and the policy refuses it: 503.
    case refused(UnknownCause)

    /// Why a token was admitted. The raw values appear in metrics.
    public enum Grounds: String, Sendable, CaseIterable {
        /// The store has just proven it clear.
        case proven
        /// The store is away, and it was clear lately.
        case lastKnown = "last_known"
        /// The store is away, and a copy that was complete lately does not name it.
        case copied
        /// The verdict is unknown, and the policy is ``FailurePolicy/allow``.
        case allowed
    }
}

extension UnknownCause {
    /// Whose fault it is that nothing is known.
    enum Fault {
        /// The store is away.
        case absence
        /// The store answers, and proves nothing: without the pinned epoch, implausibly, or by another clock.
        case untrusted
        /// The token itself, however long the caller waits.
        case token
        /// The caller went away, or asked for a log-in: the store may be well.
        case caller
    }

    var fault: Fault {
        switch code {
        case .unreachable, .timedOut, .storeError: .absence
        case .clockSkewed, .malformedReply, .epochMissing, .epochChanged, .implausibleCutOff, .termsDisagree: .untrusted
        case .unidentifiable, .tooLongLived: .token
        case .cancelled, .cutOffAhead: .caller
        }
    }

    /// Whether ``FailurePolicy/allow`` lets a token pass.
    var isAllowed: Bool {
        switch fault {
        case .absence, .untrusted: true
        case .token, .caller: false
        }
    }

    /// Whether the store is away. What was known before it went may count.
    var isAbsence: Bool { fault == .absence }
}
