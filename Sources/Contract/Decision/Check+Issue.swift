extension Check {
    /// The `iat` and `auth_time` of a new log-in: now, but after every cut-off that applies to it. So a stolen token of
    /// the same millisecond is revoked, and the new log-in is not.
    ///
    /// A time ahead of `now` must not be handed out before the store's clock has reached it. Otherwise a cut-off set in
    /// between would be earlier.
    /// - Parameters:
    ///   - values: as many as keys, nil where the store has none.
    ///   - pinnedEpoch: the epoch that this process has pinned.
    ///   - now: the store's clock, Unix milliseconds, read before the values in the call itself.
    ///   - longestDelay: the longest wait for the time, in milliseconds.
    /// - Throws: ``UnknownCause`` if it is unknown whether such a token would be clear, or if the wait would be too
    ///   long.
    public func issueTime(
        values: [[UInt8]?], pinnedEpoch: [UInt8], now: Int64,
        longestDelay: Int64 = Limits.maximumLogInDelayMilliseconds
    ) throws(UnknownCause) -> Int64 {
        guard values.count == keyCount, let epoch = values.last else { throw wrongCount(values) }
        if let mismatch = Epoch.mismatch(epoch, pinned: pinnedEpoch) { throw mismatch }
        var time = now
        for (scope, value) in zip(scopes, values) {
            guard let value else { continue }
            guard scope.kind.isCutOff else {
                throw UnknownCause(.unidentifiable, "the new token's \(scope.kind.word) is revoked already")
            }
            guard CutOff.implausibility(of: value.span.bytes, now: now) == nil,
                let cutOff = CutOff.parse(value.span.bytes)
            else {
                throw UnknownCause(.implausibleCutOff, "the store holds an implausible cut-off for \(scope.kind.word)")
            }
            time = max(time, cutOff + 1)
        }
        guard time - now <= longestDelay else {
            throw UnknownCause(.cutOffAhead, "a cut-off lies ahead of the store's clock: log in when it has passed")
        }
        return time
    }
}
