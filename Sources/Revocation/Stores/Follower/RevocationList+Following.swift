public import Contract
import Logging
import Synchronization

extension RevocationList {
    /// The verdict on a token if it is known in this process as surely as if the store had been asked; nil if the store
    /// has to be asked, as always without ``RevocationConfiguration/Checks/local(maximumBytes:)``.
    ///
    /// Waits for nothing.
    public func localVerdict(for token: TokenClaims) -> Verdict? {
        guard let follower, let pinnedEpoch, let issuer = pinnedEpoch.terms.issuer(token.issuer),
            issuer.mayVouch(for: token, now: estimatedTime)
        else { return nil }
        return verdict(token, in: issuer, pinnedEpoch, from: follower, false)
    }

    /// Whether checks are answered in this process now; nil if they are never (``RevocationConfiguration/checks``).
    public var answersLocally: Bool? { follower.map { $0.isHeld } }

    /// - Returns: nil if the store has to be asked. Refresh tokens are never looked up here: an exchange that is being
    ///   made does not wait for copies.
    @inline(__always)
    func verdict(
        _ token: borrowing TokenClaims, in issuer: borrowing IssuerInForce, _ pinnedEpoch: borrowing PinnedEpoch,
        from follower: borrowing Follower, _ remembersClear: Bool
    ) -> Verdict? {
        // A denylist that had no terms may have some by now.
        guard token.kind == .access, !pinnedEpoch.terms.areUnwritten else { return nil }
        guard remembersClear else { return foundVerdict(token, in: issuer, pinnedEpoch, from: follower) }
        let askedAt = configuration.bootClock()
        let found = foundVerdict(token, in: issuer, pinnedEpoch, from: follower)
        if case .clear = found {
            let check = Check(token, in: issuer.namespace)
            known.withLock { $0.learnClear(check, epoch: pinnedEpoch.epoch, askedAt: askedAt) }
        }
        return found
    }

    /// Instants are of a type whose size is known at run time only: this has none of its own.
    @inline(__always)
    private func foundVerdict(
        _ token: borrowing TokenClaims, in issuer: borrowing IssuerInForce, _ pinnedEpoch: borrowing PinnedEpoch,
        from follower: borrowing Follower
    ) -> Verdict? {
        var found: Verdict?
        if knowsRevoked.load(ordering: .acquiring) || hasAttempts.load(ordering: .acquiring) {
            found = revocationOfOurs(Check(token, in: issuer.namespace), pinnedEpoch)
        }
        if found == nil {
            found = follower.verdict(token, in: issuer.namespace, pinnedEpoch, wall: configuration.wallClock)
        } else if case .unknown = found {
            found = nil
        }
        follower.metrics.checked(isLocal: found != nil)
        return found
    }

    /// The verdict on a token by a copy that has lost its daemon: clear if it was complete at most so long ago, revoked
    /// however old it is. What this process has revoked since, or tried to, counts besides.
    /// - Returns: nil if nothing is proven.
    func copiedVerdict(on token: TokenClaims, noOlderThan age: Duration) -> Verdict? {
        guard let follower, token.kind == .access, let pinnedEpoch, !pinnedEpoch.terms.areUnwritten,
            let issuer = pinnedEpoch.terms.issuer(token.issuer), let check = try? check(of: token, issuer)
        else { return nil }
        switch revocationOfOurs(check, pinnedEpoch) {
        case .revoked(let reason): return .revoked(reason)
        case .unknown: return nil
        case .clear, nil: break
        }
        guard
            let found = follower.verdict(
                token, in: issuer.namespace, pinnedEpoch, noOlderThan: age, wall: configuration.wallClock)
        else { return nil }
        guard case .clear = found.verdict else { return found.verdict }
        return known.withLock { $0.mayHaveWritten(check, since: found.completeAt) } ? nil : .clear
    }

    /// What this process knows besides: a token that was found revoked lately, or that it revokes right now, or could
    /// not revoke just now. The copy may not have it.
    /// - Returns: nil if nothing concerns the check, unknown if the store has to be asked.
    private func revocationOfOurs(_ check: Check, _ pinnedEpoch: borrowing PinnedEpoch) -> Verdict? {
        if knowsRevoked.load(ordering: .acquiring), let reason = knownRevocation(of: check) { return .revoked(reason) }
        guard hasAttempts.load(ordering: .acquiring) else { return nil }
        let now = configuration.bootClock()
        let verdict = known.withLock { known in
            defer { hasAttempts.store(known.hasAttempts, ordering: .releasing) }
            return known.verdictOfAttempts(on: check, epoch: pinnedEpoch.epoch, now: now)
        }
        if case .clear = verdict { return nil }
        return verdict
    }

    /// Called before a write, and again once it is acknowledged.
    func noteWrite(of entries: some Collection<RevocationEntry>, isAcknowledged: Bool) {
        let now = configuration.bootClock()
        known.withLock {
            $0.wrote(entries, isAcknowledged: isAcknowledged, at: now)
            hasAttempts.store($0.hasAttempts, ordering: .releasing)
        }
        if isAcknowledged { events.wrote(entries) }
    }

    /// Called when a write was not acknowledged.
    func noteFailure(of entries: some Collection<RevocationEntry>) {
        let now = configuration.bootClock()
        known.withLock {
            $0.failed(entries.map(\.key), at: now)
            hasAttempts.store($0.hasAttempts, ordering: .releasing)
        }
        events.wrote(entries)
    }
}

extension Follower {
    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if the files for TLS cannot be used.
    convenience init(
        of server: RedisBackend, _ location: StoreURL.Location, _ access: StoreURL.Access,
        configuration: RevocationConfiguration, maximumBytes: Int, logger: Logger
    ) throws(RevocationError) {
        var access = access
        if let credentials = configuration.followerSecret { access.credentials = credentials }
        // Its keys are in database 0, whichever the other connections select.
        access.database = 0
        self.init(
            location, access, encryption: try StoreEncryption(access, logger: logger), configuration: configuration,
            maximumBytes: maximumBytes, logger: logger
        ) {
            guard let status = server.statusOfChecks, let clock = status.clock else { return nil }
            return StoreFacts(clock: clock, guardedPrefix: status.guardedPrefix)
        }
    }

    var isHeld: Bool { published.isHeld }

    /// Why checks are asked over the wire; nil if they are not.
    var warning: String? {
        guard !isHeld else { return nil }
        let status = status.withLock { $0 }
        let reason =
            switch status.state {
            case .connecting: "the copy has no connection"
            case .copying: "the copy is being made"
            case .following: status.refusal.isEmpty ? "no lease is held" : "no lease is granted: \(status.refusal)"
            case .tooLarge: "the copy takes more memory than it may"
            case .refused(let word): "the store answered \(word) to who wants to follow it"
            }
        return "checks are asked over the wire: \(reason)"
    }
}
