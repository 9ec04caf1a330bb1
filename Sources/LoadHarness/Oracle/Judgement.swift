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

/// What the oracle makes of an answer.
enum Judgement: Int, Sendable, CaseIterable {
    case rightlyAccepted
    case rightlyRefused
    /// Accepted although the acknowledgement of its revocation had been received before the question was sent, or although
    /// it had expired.
    case violation
    /// Refused although nobody had revoked it.
    case falseRejection
    /// Right either way: a revocation was under way.
    case eitherDuringRevocation
    /// Right either way: a revocation got no answer, and none was acknowledged since.
    case eitherUnacknowledged
    /// Right either way: within the band of the clocks around its expiry.
    case eitherAtExpiry
    case unavailable
    case other

    var isEither: Bool {
        self == .eitherDuringRevocation || self == .eitherUnacknowledged || self == .eitherAtExpiry
    }

    /// Whether it says anything about a token: unavailability does not.
    var isVerdict: Bool { self != .unavailable && self != .other }
}
