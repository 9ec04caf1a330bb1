/// What a node said about a token.
enum TokenAnswer: Sendable {
    /// 200
    case accepted
    /// 401, or 400 to a refresh token.
    case refused
    /// 503, or no answer at all.
    case unavailable
    /// Anything else.
    case other
}

/// What a node does with a token of which it can prove nothing, on the route that was asked.
enum RoutePolicy: Sendable, Equatable {
    case deny
    /// Lets it pass.
    case allow
    /// Lets it pass if it proved it clear itself, at most so many nanoseconds ago.
    case lastKnown(Int64)
}

/// Where a question went, and when.
struct Question: Sendable {
    let node: Int
    let sentAt: Int64
    var policy = RoutePolicy.deny
}

/// What the oracle makes of an answer.
enum Judgement: Sendable, Equatable {
    case rightlyAccepted
    case rightlyRefused
    /// Something that must not happen: the rule says what.
    case violation(Rule)
    /// Refused although it was not revoked.
    case falseRejection
    /// Right either way: a revocation was under way.
    case eitherDuringRevocation
    /// Right either way: a log-in and a cut-off were under way together.
    case eitherConcurrent
    /// Right either way: a revocation got no answer, and none was acknowledged since.
    case eitherUnacknowledged
    /// Right either way: within the band of the clocks around its expiry, or around the first instant of its validity.
    case eitherAtExpiry
    /// A revoked token was let through by a route that was told to (`allow`), or that went by what it had proven
    /// lately.
    case lenient
    case unavailable
    case other

    var isViolation: Bool { if case .violation = self { true } else { false } }

    var isEither: Bool {
        switch self {
        case .eitherDuringRevocation, .eitherConcurrent, .eitherUnacknowledged, .eitherAtExpiry: true
        default: false
        }
    }

    /// Whether it says anything about a token.
    var isVerdict: Bool { self != .unavailable && self != .other && self != .lenient }
}
