import Contract
import Denylist
import Replication

extension Follower {
    /// The verdict on a token, if it is known here as surely as if the daemon had been asked.
    ///
    /// The lease and the clock are read before the look-up: a lease that is held then means that everything that the
    /// daemon has acknowledged is in the copy. It must be the same lease after the look-up.
    /// - Parameter wall: the wall clock, in Unix milliseconds.
    /// - Returns: nil if the daemon has to be asked.
    func verdict(_ check: Check, _ pinnedEpoch: PinnedEpoch, wall: () -> Int64) -> Verdict? {
        // A denylist that had no terms may have some by now.
        guard !check.readsTerms, let words = pinnedEpoch.words, let terms = published.read(), terms.epoch == words
        else { return nil }
        let begun = now
        guard terms.lease.isHeld(at: begun) else { return nil }
        let findings = look(check, pinnedEpoch, guarded: begun + terms.guardedOffset)
        let ended = now
        guard terms.lease.covers(published.readAgain(), at: ended) else { return nil }
        let verdict = check.verdict(findings, pinnedEpoch: pinnedEpoch.epoch, now: ended + terms.storeOffset)
        switch verdict {
        case .revoked: return verdict
        case .clear: return ended < terms.leadUntil && terms.lead.contains(wall() - ended) ? verdict : nil
        case .unknown: return nil
        }
    }

    private func look(_ check: Check, _ pinnedEpoch: PinnedEpoch, guarded: Int64) -> Check.Findings {
        let (keys, moment) = (table.keys, ClockReading(wall: guarded, guarded: guarded))
        let isThere = keys.withBatch { batch in batch.add(check) ? batch.containsAny(at: moment) : true }
        guard isThere else { return .nothing }
        var values = check.keys.dropLast().map { key in
            let bytes = key.utf8.span.bytes
            return keys.read(bytes, hash: keys.hash(of: bytes), at: moment) { value, _ in
                value.withUnsafeBytes(Array.init)
            }
        }
        values.append(pinnedEpoch.epoch)
        return .values(values)
    }
}

extension Denylist.Keys.Batch {
    /// Adds the keys of a check, without the epoch's.
    /// - Returns: false if they are too long.
    fileprivate mutating func add(_ check: Check) -> Bool {
        let beginnings = check.beginnings
        let text = beginnings.text
        let bytes = text.span.bytes
        return add(bytes.extracting(beginnings.token), check.identifier)
            && add(bytes.extracting(beginnings.session), check.session)
            && add(bytes.extracting(beginnings.subject), check.subject)
            && add(bytes.extracting(beginnings.client), check.client)
            && add(bytes.extracting(beginnings.key), check.key)
            && add(bytes.extracting(beginnings.all), RawSpan())
    }

    private mutating func add(_ beginning: RawSpan, _ identifier: String?) -> Bool {
        guard let identifier else { return true }
        let bytes = identifier.utf8.span.bytes
        guard Namespace.needsDigest(bytes) else { return add(beginning, bytes) }
        let digest = Namespace.bounded(identifier)
        return add(beginning, digest.utf8.span.bytes)
    }
}
