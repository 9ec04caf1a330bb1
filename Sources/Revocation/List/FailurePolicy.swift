public import Contract

/// What a server does with a token of which nothing can be proven (WireContract.md, *Words*). It is for checks only:
/// log-in, rotation and log-out fail.
public enum FailurePolicy: Sendable, Equatable {
    /// Refuses it, with 503: a revoked token must never pass because the store is away.
    case deny
    /// Lets it pass. Counted and logged.
    case allow
    /// Lets it pass if this process itself has proven it clear at most so long ago, measured from when the question was
    /// sent, under the same epoch, and has revoked nothing since that could match; and only while the store is away.
    case lastKnown(for: Duration)
}

/// Whether a token may pass.
public enum Admission: Sendable {
    case admitted(Grounds)
    /// 401.
    case revoked(Reason)
    /// Nothing could be proven, and the policy lets nothing pass on that: 503.
    case refused(UnknownCause)

    public enum Grounds: String, Sendable {
        /// The store has just proven it clear.
        case proven
        /// The store is away, and it was clear lately.
        case lastKnown = "last_known"
        /// Nothing is known, and the policy lets that pass.
        case allowed
    }
}

extension UnknownCause {
    /// Whether the store is away, rather than one that has lost its memory or says what cannot be meant.
    var isAbsence: Bool {
        switch code {
        case .unreachable, .timedOut, .storeError: true
        case .cancelled, .clockSkewed, .malformedReply, .epochMissing, .epochChanged, .implausibleCutOff, .cutOffAhead,
            .unidentifiable, .tooLongLived, .termsDisagree:
            false
        }
    }
}
