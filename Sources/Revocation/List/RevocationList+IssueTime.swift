public import Contract

extension RevocationList {
    /// The `iat` and `auth_time` of a new log-in's tokens (fresh credentials, never a refresh), in Unix milliseconds on
    /// the store's clock. That is `max(now, cut-off + 1)` over every cut-off that applies.
    ///
    /// The clock is read in the call, and no time is returned that it has not reached. So a token is issued no later
    /// than any cut-off set afterwards. A cut-off that lies ahead is waited for, at most 1 s plus the lead that the
    /// terms give the issuer.
    /// - Parameter token: the claims that the new token will have, its signing key included; its times are ignored.
    /// - Throws: ``UnknownCause``: no log-in is possible now, and no failure policy applies (503).
    public func issueTime(for token: TokenClaims) async throws(UnknownCause) -> Int64 {
        var waited: Int64 = 0
        // Doubled each time, so that a stopped clock is not read a thousand times.
        var shortestPause: Int64 = 1
        while true {
            let pinnedEpoch = try await pinnedEpochWithTerms()
            let issuer = try identified(pinnedEpoch.terms.issuer(token.issuer))
            let check = Check(token, in: issuer.namespace)
            let patience = Limits.maximumLogInDelayMilliseconds + issuer.terms.lead - waited
            let (time, now) = try await issueTime(check, pinnedEpoch, longestDelay: patience)
            guard time > now else { return time }
            let pause = min(max(time - now, shortestPause), patience)
            shortestPause *= 2
            waited += pause
            do { try await configuration.pause(.milliseconds(pause)) } catch {
                throw UnknownCause(.cancelled, "the caller was cancelled")
            }
        }
    }

    private func issueTime(
        _ check: Check, _ pinnedEpoch: PinnedEpoch, longestDelay: Int64
    ) async throws(UnknownCause) -> (time: Int64, now: Int64) {
        let timed = try await asking { () async throws(StoreFailure) in try await backend.timedLookUp(check.keys) }
        try await requireAgreeingClock()
        // The earliest of several servers: each cut-off has the time of its own server.
        let now = timed.time.lowerBound
        do throws(UnknownCause) {
            let time = try check.issueTime(
                values: timed.values, pinnedEpoch: pinnedEpoch.epoch, now: now, longestDelay: longestDelay)
            return (time, now)
        } catch {
            react(to: error)
            throw error
        }
    }
}
