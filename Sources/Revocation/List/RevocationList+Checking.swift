public import Contract
import Synchronization
import Tracing

extension RevocationList {
    /// Checks a token against the denylist: one look-up, one round trip; none if it was found revoked within
    /// (``RevocationConfiguration/revokedAnswerLifetime``). A revocation known to this process, or to its copy, counts
    /// even while the store is away.
    public func verdict(for token: TokenClaims) async -> Verdict {
        await isObserved ? observedVerdict(token, remembersClear: false) : verdict(token, remembersClear: false)
    }

    /// - Parameter remembersClear: whether a clear answer is kept for ``FailurePolicy/lastKnown(for:)``.
    func verdict(for token: TokenClaims, remembersClear: Bool) async -> Verdict {
        await isObserved
            ? observedVerdict(token, remembersClear: remembersClear) : verdict(token, remembersClear: remembersClear)
    }

    private func observedVerdict(_ token: TokenClaims, remembersClear: Bool) async -> Verdict {
        let start = configuration.bootClock()
        let answer =
            if let tracer {
                await tracer.withAnySpan("revoked.check", ofKind: .client) { span in
                    let answer = await verdict(token, remembersClear: remembersClear)
                    span.attributes["revoked.outcome"] = answer.word
                    return answer
                }
            } else {
                await verdict(token, remembersClear: remembersClear)
            }
        metrics.checked(answer, took: configuration.bootClock() - start)
        return answer
    }

    /// One function, not several: each further async function costs a check about as much as reading its reply.
    @inline(__always)
    private func verdict(_ token: TokenClaims, remembersClear: Bool) async -> Verdict {
        guard let pinnedEpoch, let issuer = pinnedEpoch.terms.issuer(token.issuer),
            issuer.mayVouch(for: token, now: estimatedTime)
        else { return await slowVerdict(token, remembersClear) }
        if let follower, let verdict = verdict(token, in: issuer, pinnedEpoch, from: follower, remembersClear) {
            return verdict
        }
        guard let connection = backend.connectionForChecks() else { return await slowVerdict(token, remembersClear) }
        let call = PendingCheck(token, in: issuer.namespace, pinnedEpoch)
        if knowsRevoked.load(ordering: .acquiring), let reason = knownRevocation(of: call.check) {
            return .revoked(reason)
        }
        #if compiler(<6.4)
            // As below, without a hop to the executor that the task is on already: with a task executor preference that
            // hop takes a lock. The underscored function may change, so later compilers use the public one.
            let outcome = await _unsafeInheritExecutor_withUnsafeContinuation { waiter in
                if call.wait(waiter) { connection.submit(call) }
            }
        #else
            let outcome = await withUnsafeContinuation { waiter in
                if call.wait(waiter) { connection.submit(call) }
            }
        #endif
        // Nearly always: nothing to compare and nothing to store.
        if case .success(.expected) = outcome, call.isIdentified, !remembersClear { return .clear }
        let findings: Result<Check.Findings, StoreFailure>
        if let outcome {
            findings = outcome.findings(of: call.check)
        } else {
            findings = await connection.lateOutcome(of: call).findings(of: call.check)
        }
        guard !showsTerms(findings, of: call.check) else { return await slowVerdict(token, remembersClear) }
        return conclude(token, call, findings, askedAt: call.sentAt, remembersClear, connection.status?.clock)
    }

    /// The path for checks that need more than one command on one connection: no pinned epoch yet, a Cluster,
    /// `memory:`, or an issuer that is not in the known terms.
    private func slowVerdict(_ token: TokenClaims, _ remembersClear: Bool) async -> Verdict {
        var contact = await contact()
        // New terms may name other keys: the look-up is then repeated once.
        for _ in 0..<2 {
            guard let issuer = await issuer(of: token, &contact) else {
                return .unknown(contact.cause ?? Self.unknownIssuer)
            }
            if let objection = issuer.objection(to: token, now: estimatedTime) { return .unknown(objection) }
            let call = PendingCheck(token, in: issuer.namespace, contact.pinnedEpoch)
            if knowsRevoked.load(ordering: .acquiring), let reason = knownRevocation(of: call.check) {
                return .revoked(reason)
            }
            let askedAt = SentTime(configuration.bootClock())
            var findings: Result<Check.Findings, StoreFailure>
            var clock: StoreClock?
            do throws(StoreFailure) {
                let answer = try await backend.check(call.check.keys)
                findings = .success(.values(answer.values))
                clock = answer.clock
            } catch {
                findings = .failure(error)
            }
            guard !showsTerms(findings, of: call.check) else {
                contact = await renewContact()
                continue
            }
            let verdict = conclude(token, call, findings, askedAt: askedAt, remembersClear, clock)
            guard let cause = contact.cause else { return verdict }
            if case .revoked = verdict { return verdict }
            react(to: cause)
            return .unknown(cause)
        }
        return .unknown(UnknownCause(.termsDisagree, "the denylist's terms come and go"))
    }

    /// Whether a denylist that had no terms now has some.
    private func showsTerms(_ findings: Result<Check.Findings, StoreFailure>, of check: Check) -> Bool {
        guard case .success(.values(let values)) = findings, check.terms(in: values) != nil else { return false }
        pin.withLock { $0.forgetTerms() }
        return true
    }

    /// The issuer of a token. Newer terms may name it, or allow its tokens a longer life: they are read, at most every
    /// ``EpochPin/interval``.
    private func issuer(of token: TokenClaims, _ contact: inout Contact) async -> IssuerInForce? {
        let issuer = contact.terms?.issuer(token.issuer)
        if let issuer, issuer.mayVouch(for: token, now: estimatedTime) { return issuer }
        guard contact.pinnedEpoch != nil, pin.withLock({ $0.shouldAsk(now: configuration.bootClock()) }) else {
            return issuer
        }
        contact = await renewContact()
        return contact.terms?.issuer(token.issuer)
    }

    /// The reason, if the token was found revoked within ``RevocationConfiguration/revokedAnswerLifetime``.
    func knownRevocation(of check: Check) -> Reason? {
        let (lifetime, now) = (configuration.revokedAnswerLifetime, configuration.bootClock())
        return known.withLock { known in
            if !known.hasRevocation(lifetime: lifetime, now: now) {
                knowsRevoked.store(false, ordering: .releasing)
            }
            return known.revocation(of: check, lifetime: lifetime, now: now)
        }
    }

    /// Turns the findings into a verdict and updates the cache of answers.
    /// - Parameter askedAt: a time before the store answered.
    /// - Parameter clock: of the store that answered.
    @inline(never)
    private func conclude(
        _ token: TokenClaims, _ call: PendingCheck, _ findings: Result<Check.Findings, StoreFailure>,
        askedAt: SentTime, _ remembersClear: Bool, _ clock: StoreClock?
    ) -> Verdict {
        let (check, wasClockRight, askedAt) = (call.check, askedAt.isClockRight, askedAt.instant)
        let epoch = call.expected?.epoch
        var answer = verdict(check, epoch, findings, clock)
        if case .clear = answer, let cause = skewCause(of: clock, wasClockRight) { answer = .unknown(cause) }
        switch answer {
        case .clear:
            if remembersClear, let askedAt, let epoch {
                known.withLock { $0.learnClear(check, epoch: epoch, askedAt: askedAt) }
            }
        case .revoked(let reason):
            guard let askedAt else { break }
            known.withLock {
                $0.learnRevoked(check, reason, askedAt: askedAt)
                knowsRevoked.store(true, ordering: .releasing)
            }
        case .unknown(let cause):
            react(to: cause)
            // The store found it plausible when it acknowledged it, so the present time does not matter.
            let reason = known.withLock {
                $0.revocation(of: check) ?? $0.ownRevocation(of: check, now: .max / 2)
            }
            if let reason { return .revoked(reason) }
            if let copied = copiedVerdict(on: token, noOlderThan: .zero), case .revoked = copied { return copied }
        }
        return answer
    }

    /// - Parameter epoch: the pinned one; nil if none is pinned: then no token is clear.
    private func verdict(
        _ check: Check, _ epoch: [UInt8]?, _ findings: Result<Check.Findings, StoreFailure>, _ clock: StoreClock?
    ) -> Verdict {
        switch findings {
        case .failure(let failure): return .unknown(UnknownCause(failure))
        case .success(.nothing): return check.verdict(.nothing, pinnedEpoch: epoch ?? [], now: 0)
        case .success(.values(let values)):
            // Only needed to detect implausible cut-offs. Without the store's clock every future one counts as
            // implausible.
            let now = clock?.time(at: configuration.bootMilliseconds).upperBound ?? 0
            return check.verdict(.values(values), pinnedEpoch: epoch ?? [], now: now)
        }
    }
}

extension RevocationList {
    /// The cause if a clear answer proves nothing because of the clocks.
    /// - Parameter wasClockRight: whether this machine's clock agreed with the store's when the command was sent.
    func skewCause(of clock: StoreClock?, _ wasClockRight: Bool) -> UnknownCause? {
        guard let clock else { return UnknownCause(.clockSkewed, StoreFailure.clockUnknown.message) }
        if let cause = skewCause(of: clock) { return cause }
        return wasClockRight ? nil : UnknownCause(.clockSkewed, "this machine's clock was wrong until just now")
    }
}

extension PendingCall.Outcome {
    /// The findings of a look-up.
    fileprivate func findings(of check: Check) -> Result<Check.Findings, StoreFailure> {
        switch self {
        case .failure(let failure): return .failure(failure)
        case .success(.expected): return .success(.nothing)
        case .success(.replies(let replies)):
            do throws(StoreFailure) {
                return .success(.values(try (replies.first ?? .null).values(count: check.keyCount)))
            } catch {
                return .failure(error)
            }
        case .success(.witnessed): return .failure(.unexpectedReply)
        }
    }
}
