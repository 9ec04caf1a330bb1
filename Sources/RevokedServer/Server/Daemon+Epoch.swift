import Denylist
import Logging
import Persistence
import RESP
import Synchronization

/// Who the denylist is. What `revoked.epoch` and `revoked.accepted` answer lies in the table as any other entry, and on
/// disk in a file of its own.
extension Daemon {
    /// Answers this epoch from now on.
    /// - Parameter isNew: whether it was made now.
    func adopt(_ record: EpochRecord, isNew: Bool) {
        denylist.changeIdentity(isAlone: true, at: clock.now()) {
            identity.withLock { $0 = record }
            return record
        }
        let now = clock.uptime()
        if isNew { epoch.renewed(at: now) } else { epoch.loaded(at: now) }
        guard let demand = record.demand, record.isPending else { return }
        logger.warning(
            "the epoch is \"\(demand)\": clients deny until an operator has revoked again what may be missing, and run revoked accept"
        )
    }

    // MARK: Flushing

    /// What the answer to a flush waits for.
    struct Flush {
        /// A position of the log, 0 if for none.
        var position: UInt64
        /// And that the new epoch is on disk, where the log does not see to it.
        var later: DeferredReply?
    }

    /// Forgets everything but the terms, and that it ever was the same list. What is forgotten on disk never stands
    /// beside the old epoch: the new one is written first.
    /// - Parameter everything: whether the other databases are emptied, too.
    func flush(everything: Bool) -> Flush {
        let persistence = persistence
        let position = denylist.flush(everything: everything, to: journal, at: clock.now(), renewIdentity)
        epoch.renewed(at: clock.uptime())
        logger.warning("flushed: the denylist is empty and has a new epoch, which clients deny until revoked accept")
        guard let persistence, persistence.keepsEpoch, persistence.log.state == .off else {
            return Flush(position: position)
        }
        return Flush(position: position, later: storeEpoch(persistence))
    }

    /// Empties another database than 0: no revocation is in it, so the epoch stays.
    /// - Returns: the position that the answer waits for.
    func flush(database: Int) -> UInt64 { denylist.flush(database: database, to: journal, at: clock.now()) }

    func swap(_ one: Int, _ other: Int) -> GuardedTable.SwapOutcome {
        denylist.swap(one, other, to: journal, at: clock.now())
    }

    // MARK: Terms

    /// Puts these terms in the place of those that are there, if nothing is there that could rest on them. Whoever
    /// revokes meanwhile reads the terms behind the write.
    /// - Returns: the position of the log that the answer waits for; nil if nothing was changed.
    func replaceTerms(_ terms: RawSpan) -> UInt64? {
        let position = denylist.replaceTerms(terms, to: journal, at: clock.now())
        if position != nil { logger.warning("an administrator has replaced the terms: the denylist held nothing") }
        return position
    }

    // MARK: Time that goes back

    /// Gives the denylist another epoch: what was said until now proves nothing about what is to come. Waits for the
    /// disk.
    func replaceEpoch() throws(PersistenceError) {
        denylist.changeIdentity(isAlone: true, at: clock.now(), renewIdentity)
        epoch.renewed(at: clock.uptime())
        logger.warning("the denylist has a new epoch, which clients deny until revoked accept")
        if let persistence, persistence.keepsEpoch { try persistence.storeEpoch() }
    }

    /// Makes a new epoch. Called while nobody reads or writes.
    private func renewIdentity() -> EpochRecord {
        let record = identity.withLock { identity in
            let record = identity?.replaced() ?? EpochRecord()
            identity = record
            return record
        }
        persistence?.setEpoch(record)
        return record
    }

    // MARK: Acceptance

    enum Acceptance {
        /// Answered when this is done; nil: at once.
        case accepted(DeferredReply?)
        /// An error, its code included.
        case refused(String)
    }

    /// An operator's word that the epoch replaces the one before: `revoked accept`.
    func accept(_ word: RawSpan) -> Acceptance {
        let persistence = persistence
        let words = word.withUnsafeBytes { String(decoding: $0.prefix(EpochRecord.maximumWords + 1), as: UTF8.self) }
        var before: EpochRecord?
        var refusal: String?
        denylist.changeIdentity(isAlone: false, at: clock.now()) {
            identity.withLock { identity in
                guard let record = identity else {
                    refusal = "ERR revoked.accepted: there is no epoch yet"
                    return nil
                }
                guard let accepted = record.accepted(words) else {
                    refusal =
                        record.isPending
                        ? "ERR revoked.accepted: only \"\(record.text)\" can be accepted"
                        : "ERR revoked.accepted: only \"\(record.epoch) replaces <the epoch that clients hold>\""
                    return nil
                }
                guard accepted != record else { return nil }
                before = record
                return change(&identity, to: accepted)
            }
        }
        if let refusal { return .refused(refusal) }
        logger.notice("an operator has accepted the epoch: clients go on")
        guard let persistence, persistence.keepsEpoch else { return .accepted(nil) }
        return .accepted(storeEpoch(persistence, before: before))
    }

    /// What could not be written was not accepted.
    /// - Parameter before: what it was; nil if nothing was changed.
    private func withdrawAcceptance(_ before: EpochRecord?) {
        guard let before else { return }
        denylist.changeIdentity(isAlone: false, at: clock.now()) {
            identity.withLock { identity in
                // A flush meanwhile has made another.
                identity?.epoch == before.epoch ? change(&identity, to: before) : nil
            }
        }
    }

    private func change(_ identity: inout EpochRecord?, to record: EpochRecord) -> EpochRecord {
        identity = record
        persistence?.setEpoch(record)
        return record
    }

    private func storeEpoch(_ persistence: Persistence, before: EpochRecord? = nil) -> DeferredReply {
        epochStore.store(
            persistence, onFailure: { [weak self] in self?.withdrawAcceptance(before) },
            onEnd: { [weak self] in self?.logHasProgressed() })
    }
}
