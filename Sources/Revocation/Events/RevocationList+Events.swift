public import Contract
import Synchronization

extension RevocationList {
    /// Revocations as they arrive in the copy, from now on, of whomever made them. It takes
    /// ``RevocationConfiguration/Checks/local(maximumBytes:)``.
    ///
    /// A revocation may come twice, and comes before it is acknowledged. An undo does not come.
    /// - Parameter limit: how many are kept that were not read. When there are more, ``RevocationEvent/missed`` takes
    ///   the place of all of them.
    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if checks are asked.
    public func revocations(limit: Int = 1_024) throws(RevocationError) -> Revocations {
        guard follower != nil else {
            throw RevocationError(
                .invalidConfiguration, "revocations are handed out from a copy: configure local checks (checks=local)")
        }
        guard limit > 0 else { throw RevocationError(.invalidConfiguration, "at least one revocation is kept") }
        return Revocations(buffer: events.makeBuffer(limit: limit))
    }

    /// How many bodies of ``withToken(_:policy:_:)`` run.
    public var openTokens: Int { events.state.withLock { $0.tokens.entries.count } }

    /// Runs a body for as long as a token is valid: for a stream, a WebSocket, a long job.
    ///
    /// The token is checked first. The body runs in a child task, which is cancelled when the token is revoked by any
    /// scope, when it has expired, or when for too long it could not be proven clear. A body has to end when it is
    /// cancelled, as a write to a closed stream or `Task.sleep` does.
    ///
    /// With ``RevocationConfiguration/Checks/local(maximumBytes:)`` a revocation takes effect when it arrives. Without,
    /// or without a lease, the store is asked again every ``RevocationConfiguration/openTokenInterval``. A revocation
    /// by this list takes effect at once.
    ///
    /// While nothing is known, the body runs for ``RevocationConfiguration/openTokenGrace`` after the token was last
    /// proven clear. ``FailurePolicy/lastKnown(for:)`` lets it run for its time, and
    /// ``FailurePolicy/copy(noOlderThan:)`` for as long as the copy vouches, but only while a request with the token
    /// would pass: not after this process has tried to revoke the token, nor when the store has lost its memory.
    /// - Parameters:
    ///   - token: the verified claims of an access token.
    ///   - policy: what happens with an unknown verdict.
    ///   - body: what runs. Its result is returned.
    /// - Throws: ``TokenEnd`` if the token has ended the body, `CancellationError` if the caller has, or what the body
    ///   throws.
    public func withToken<Result: Sendable>(
        _ token: TokenClaims, policy: FailurePolicy = .deny,
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        // First, so that nothing is missed which the check does not find.
        let (number, handle) = events.open(token, policy, of: self)
        defer { events.close(number) }
        let askedAt = configuration.bootClock()
        switch await admission(of: token, policy: policy) {
        case .admitted(let grounds): if case .proven = grounds { events.proved(number, at: askedAt) }
        case .revoked(let reason): throw TokenEnd.revoked(reason)
        case .refused(let cause): throw TokenEnd.unproven(cause)
        }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await handle.wait()
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else { throw CancellationError() }
            return result
        }
    }
}
