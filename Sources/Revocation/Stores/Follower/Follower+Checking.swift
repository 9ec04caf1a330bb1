import Contract
import Denylist
import Replication
import Synchronization

extension Follower {
    /// The verdict on a token, if it is known here as surely as if the daemon had been asked.
    ///
    /// The lease and the clock are read before the look-up: a lease that is held then means that everything that the
    /// daemon has acknowledged is in the copy. It must be the same lease after the look-up.
    /// - Parameters:
    ///   - namespace: of the token's issuer.
    ///   - wall: the wall clock, in Unix milliseconds.
    /// - Returns: nil if the daemon has to be asked.
    func verdict(
        _ token: borrowing TokenClaims, in namespace: borrowing Namespace, _ pinnedEpoch: borrowing PinnedEpoch,
        wall: () -> Int64
    ) -> Verdict? {
        guard let words = pinnedEpoch.words, let terms = published.read(), terms.epoch == words else { return nil }
        let begun = now
        guard terms.lease.isHeld(at: begun) else { return nil }
        let found = look(token, namespace, guarded: begun + terms.guardedOffset, store: begun + terms.storeOffset)
        let ended = now
        guard let found, terms.lease.covers(published.readAgain(), at: ended) else { return nil }
        switch found {
        case .revoked: return found
        case .clear: return ended < terms.leadUntil && terms.lead.contains(wall() - ended) ? found : nil
        case .unknown: return nil
        }
    }

    /// The verdict of a copy, with or without a daemon: clear if it was complete at most so long ago, revoked however
    /// old it is.
    /// - Returns: nil if it proves nothing. Else also when it was complete, on ``now``'s clock.
    func verdict(
        _ token: TokenClaims, in namespace: Namespace, _ pinnedEpoch: PinnedEpoch, noOlderThan age: Duration,
        wall: () -> Int64
    ) -> (verdict: Verdict, completeAt: Int64)? {
        guard let proof = proof.withLock({ $0 }) else { return nil }
        let completeness = proof.completeness
        guard Epoch.Identity(completeness.epoch)?.epoch == pinnedEpoch.epoch else { return nil }
        let begun = now
        let found = look(token, namespace, guarded: completeness.guarded(at: begun), store: begun + proof.storeOffset)
        let ended = now
        guard let found, completeness.covers(self.proof.withLock { $0?.completeness }) else { return nil }
        switch found {
        case .revoked: return (found, completeness.at)
        case .clear:
            let isProven = completeness.isNoOlder(than: age, at: ended) && proof.lead.contains(wall() - ended)
            return isProven ? (found, completeness.at) : nil
        case .unknown: return nil
        }
    }

    /// - Parameters:
    ///   - guarded: the daemon's guarded time, by which entries expire.
    ///   - store: the store's time, by which cut-offs are judged.
    private func look(
        _ token: borrowing TokenClaims, _ namespace: borrowing Namespace, guarded: Int64, store: Int64
    ) -> Verdict? {
        var keys = KeysOfCheck()
        var decision = CheckDecision(logInTime: token.logInTime, isIdentified: token.isIdentified, now: store)
        let isRead = table.keys.readTogether(at: ClockReading(wall: guarded, guarded: guarded)) { batch in
            keys.add(token, namespace, to: &batch)
        } _: { index, value in
            decision.takes(value, of: keys.kinds[index])
        }
        return isRead ? decision.verdict(epochMismatch: nil) : nil
    }
}

/// The keys of a check, without the epoch's.
private struct KeysOfCheck {
    /// The kind of each key that was added.
    private(set) var kinds = InlineArray<6, Scope.Kind>(repeating: .all)
    private var count = 0

    /// - Returns: false if they are too long.
    mutating func add(
        _ token: borrowing TokenClaims, _ namespace: borrowing Namespace, to batch: inout Denylist.Keys.Batch
    ) -> Bool {
        let beginnings = namespace.beginnings
        let text = beginnings.text
        let bytes = text.span.bytes
        return add(bytes.extracting(beginnings.token), token.identifier, .token, to: &batch)
            && add(bytes.extracting(beginnings.session), token.session, .session, to: &batch)
            && add(bytes.extracting(beginnings.subject), token.subject, .subject, to: &batch)
            && add(bytes.extracting(beginnings.client), token.client, .client, to: &batch)
            && add(bytes.extracting(beginnings.key), token.key, .key, to: &batch)
            && batch.add(bytes.extracting(beginnings.all), RawSpan())
    }

    private mutating func add(
        _ beginning: RawSpan, _ identifier: String?, _ kind: Scope.Kind,
        to batch: inout Denylist.Keys.Batch
    ) -> Bool {
        // An empty claim is none.
        guard let identifier, !identifier.isEmpty else { return true }
        kinds[count] = kind
        count += 1
        let bytes = identifier.utf8.span.bytes
        guard Namespace.needsDigest(bytes) else { return batch.add(beginning, bytes) }
        return batch.add(beginning, Namespace.bounded(identifier).utf8.span.bytes)
    }
}
