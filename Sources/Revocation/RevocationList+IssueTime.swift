public import Contract

extension RevocationList {
    /// The longest wait for a cut-off to pass. One further ahead was not set by this library, and is only stepped over.
    private static let longestWait = Duration.seconds(1)

    /// The `iat` for a token of a new log-in (fresh credentials, never a refresh), in Unix milliseconds on the store's
    /// clock: `max(now, cut-off + 1)` over every cut-off that applies.
    ///
    /// It is not returned before that time has come: so whatever is handed out was issued no later than a cut-off that is
    /// set afterwards.
    /// - Parameter token: the claims that the new token will have; its `issuedAt` is not looked at.
    /// - Throws: ``UnknownCause``: nobody can log in now, and there is no policy about that (503).
    public func issueTime(for token: TokenClaims) async throws(UnknownCause) -> Int64 {
        let check = try check(of: token)
        let believed = believedEpoch
        let timed = try await asking { () async throws(StoreFailure) in try await backend.timedLookUp(check.keys) }
        try await demandRightClock()
        let now = timed.time.lowerBound
        do throws(UnknownCause) {
            let time = try check.issueTime(
                values: timed.values, pinnedEpoch: pinned(believed, seeing: timed.values), now: now)
            if time > now { await pass(.milliseconds(time - now)) }
            return time
        } catch {
            look(into: error)
            throw error
        }
    }

    private func pass(_ duration: Duration) async {
        if duration <= Self.longestWait { try? await Task.sleep(for: duration) }
    }
}
