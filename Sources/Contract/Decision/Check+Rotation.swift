/// The decision about a refresh token that was presented.
public enum RotationDecision: Sendable {
    /// This presenter exchanges it, for a refresh token with this `jti`.
    case won(successor: String)
    /// Another presenter exchanged it within the grace: the same successor again, so that a family never forks.
    case repeated(successor: String)
    /// It was exchanged before: it, or its successor, is stolen.
    case reused
    case revoked(Reason)
    case unknown(UnknownCause)
}

extension Check {
    /// Decides from the two answers to a rotation, which must agree. ``keys`` begins with the token's own.
    /// - Parameters:
    ///   - existing: what the token's key held before it was claimed; nil if the claim was written.
    ///   - values: the values of ``keys``, read after the claim.
    ///   - claim: the value to be written.
    ///   - grace: how long after the first exchange a second presenter is served, in milliseconds.
    ///   - pinnedEpoch: the epoch that this process has pinned.
    ///   - now: the store's clock, Unix milliseconds.
    public func rotation(
        existing: [UInt8]?, values: [[UInt8]?], claim: Rotation, grace: Int64, pinnedEpoch: [UInt8], now: Int64
    ) -> RotationDecision {
        guard values.count == keyCount, identifier != nil else { return .unknown(wrongCount(values)) }
        guard let held = values[0] else {
            return .unknown(UnknownCause(.malformedReply, "the store does not hold what was just written"))
        }
        // The other scopes decide as for any token; its own key says only whose exchange it is.
        var others = values
        others[0] = nil
        switch verdict(values: others, pinnedEpoch: pinnedEpoch, now: now) {
        case .revoked(let reason): return .revoked(reason)
        case .unknown(let cause): return .unknown(cause)
        case .clear: break
        }
        guard let rotation = Rotation(value: held) else { return .revoked(Reason(stored: held)) }
        if let existing {
            guard existing == held else {
                return .unknown(UnknownCause(.malformedReply, "the store gave two answers about one key"))
            }
            let isRecent = Self.isRecent(rotation, grace: grace, now: now)
            // Our earlier exchange, whose answer was lost. Within the grace other presenters may have received it, too.
            if rotation.successor.isExactly(claim.successor), isRecent || grace == 0 {
                return .won(successor: rotation.successor)
            }
            return isRecent ? .repeated(successor: rotation.successor) : .reused
        }
        guard rotation.successor.isExactly(claim.successor) else {
            return .unknown(UnknownCause(.malformedReply, "the store gave two answers about one key"))
        }
        return .won(successor: rotation.successor)
    }

    /// Whether a second presenter is served. The first one's clock may have been ahead of the store's.
    private static func isRecent(_ rotation: Rotation, grace: Int64, now: Int64) -> Bool {
        grace > 0 && (-Limits.maximumSkewMilliseconds..<grace).contains(now - rotation.time)
    }
}
