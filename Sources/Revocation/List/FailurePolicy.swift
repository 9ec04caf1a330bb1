public import Contract

/// What a server does with an unknown verdict (WireContract.md, *Words*). For checks only: log-in, rotation and log-out
/// fail.
public enum FailurePolicy: Sendable, Equatable {
    /// Refuses the token with 503: a revoked token must never pass because the store is away.
    case deny
    /// Lets the token pass. Counted and logged.
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
    /// Whether the store is away. A store that answers, but without the pinned epoch or implausibly, is not.
    var isAbsence: Bool {
        switch code {
        case .unreachable, .timedOut, .storeError: true
        case .cancelled, .clockSkewed, .malformedReply, .epochMissing, .epochChanged, .implausibleCutOff, .cutOffAhead,
            .unidentifiable, .tooLongLived, .termsDisagree:
            false
        }
    }
}
