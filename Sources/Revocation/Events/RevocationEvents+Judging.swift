import Contract
import Replication
import Synchronization

extension RevocationEvents {
    /// How often open tokens are looked at.
    static let interval = Duration.seconds(1)
    /// Tokens that are judged together, and about which the store is asked at the same time. What arrives meanwhile is
    /// judged next, so it waits for one answer of the store, or for its timeout.
    private static let tokensAtOnce = 64

    // MARK: What has arrived

    /// Has a task judge those that are to be judged.
    func judgePending() {
        let list = state.withLock { state -> RevocationList? in
            guard state.tokens.hasPending, !state.isJudging else { return nil }
            state.isJudging = true
            return state.list
        }
        if let list { Task { await judge(list) } }
    }

    private func judge(_ list: RevocationList) async {
        while true {
            let some = state.withLock { state in
                let some = state.tokens.takePending(Self.tokensAtOnce)
                if some.isEmpty { state.isJudging = false }
                return some
            }
            if some.isEmpty { return }
            let unknown = some.filter { !concludeHere($0.number, $0.entry, list) }
            guard !unknown.isEmpty else { continue }
            await withDiscardingTaskGroup { group in
                for (number, entry) in unknown { group.addTask { [self] in await ask(number, entry, list) } }
            }
        }
    }

    /// - Returns: false if the store has to be asked.
    private func concludeHere(_ number: Int, _ entry: OpenTokens.Entry, _ list: RevocationList) -> Bool {
        let now = list.configuration.bootClock()
        guard let verdict = list.localVerdict(for: entry.claims) else { return false }
        conclude(number, entry, verdict, askedAt: now)
        return true
    }

    private func ask(_ number: Int, _ entry: OpenTokens.Entry, _ list: RevocationList) async {
        let askedAt = list.configuration.bootClock()
        switch await list.decide(entry.claims, entry.policy) {
        case .admitted(.proven): conclude(number, entry, .clear, askedAt: askedAt)
        case .admitted: _ = state.withLock { $0.tokens.doubt(number) }
        case .revoked(let reason): conclude(number, entry, .revoked(reason), askedAt: askedAt)
        case .refused(let cause):
            let provenAt = state.withLock { $0.tokens.doubt(number) }
            if let provenAt {
                let limit = list.limit(of: entry, refusedFor: cause, provenAt: provenAt)
                if list.configuration.bootClock() - provenAt < limit { return }
            }
            conclude(number, entry, .unknown(cause), askedAt: askedAt)
        }
    }

    private func conclude(
        _ number: Int, _ entry: OpenTokens.Entry, _ verdict: Verdict, askedAt: ContinuousClock.Instant
    ) {
        switch verdict {
        case .clear: proved(number, at: askedAt)
        case .revoked(let reason): entry.handle.end(TokenEnd.revoked(reason))
        case .unknown(let cause): entry.handle.end(TokenEnd.unproven(cause))
        }
    }

    // MARK: What time brings

    /// While a token is open.
    func tickOn() async {
        while true {
            try? await Task.sleep(for: Self.interval)
            let goesOn = state.withLock { state in
                state.isTicking = !state.tokens.isEmpty
                return state.isTicking
            }
            guard goesOn else { return }
            tick()
        }
    }

    /// Ends what has expired, and has those judged of which it was not proven for a while that they are clear.
    func tick() {
        guard let list = state.withLock({ $0.list }) else { return }
        let (now, time) = (list.configuration.bootClock(), list.estimatedTime)
        let (leeway, interval) = (list.configuration.leeway.milliseconds, list.configuration.openTokenInterval)
        // Everything that was acknowledged until now has arrived, or will be refused by who is asked.
        let isFollowing = list.holdsLease
        let expired = state.withLock { state -> [OpenToken] in
            if isFollowing { state.tokens.provenAt = now }
            state.tokens.judgeUnproven(since: isFollowing ? nil : now - interval)
            return state.tokens.entries.values.compactMap { entry in
                guard let expiresAt = entry.claims.expiresAt, expiresAt <= time - leeway else { return nil }
                return entry.handle
            }
        }
        for handle in expired { handle.end(TokenEnd.expired) }
        judgePending()
    }
}

extension RevocationList {
    /// Whether everything that was acknowledged until now is in the copy.
    fileprivate var holdsLease: Bool {
        guard let follower, let words = pinnedEpoch?.words, let terms = follower.published.read() else { return false }
        return terms.epoch == words && terms.lease.isHeld(at: follower.now)
    }

    /// For how long an open token that is refused may go unproven.
    fileprivate func limit(
        of entry: OpenTokens.Entry, refusedFor cause: UnknownCause, provenAt: ContinuousClock.Instant
    ) -> Duration {
        guard cause.fault != .token else { return .zero }
        let grace = configuration.openTokenGrace
        return switch entry.policy {
        case .deny: grace
        // Refused although the policy allows what is unknown.
        case .allow: .zero
        case .lastKnown(let age):
            // For as long as a request may pass, and for no other reason.
            cause.isAbsence && stillCounts(entry.claims, provenAt: provenAt) ? age : min(age, grace)
        // The copy has been asked, and does not vouch for it.
        case .copy(let age): min(age, grace)
        }
    }
}
