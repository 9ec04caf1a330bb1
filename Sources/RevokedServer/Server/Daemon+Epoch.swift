import Denylist
import Logging
import Persistence
import RESP
import Synchronization

/// Who the denylist is. What `revoked.epoch` and `revoked.accepted` answer lies in the table as any other entry, and on disk in a
/// file of its own.
extension Daemon {
    /// Answers this epoch from now on.
    /// - Parameter isNew: whether it was made now.
    func adopt(_ record: EpochRecord, isNew: Bool) {
        denylist.lockAll { locked in
            identity.withLock { $0 = record }
            show(record, locked)
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
        /// Or that the new epoch is on disk.
        var later: DeferredReply?
    }

    /// Forgets everything but the terms, and that it ever was the same list. What is forgotten on disk never stands beside the
    /// old epoch: the new one is written first.
    func flush() -> Flush {
        let persistence = persistence
        let position = denylist.lockAll { locked -> UInt64? in
            let terms = OwnKey.terms.name.withUTF8Buffer { name in read(RawSpan(_unsafeElements: name), locked) }
            locked.removeAll()
            let record = identity.withLock { identity in
                let record = identity?.replaced() ?? EpochRecord()
                identity = record
                return record
            }
            persistence?.setEpoch(record)
            show(record, locked)
            if let terms { store(terms, as: .terms, locked) }
            return persistence?.log.append(at: clock.now()) { group in
                group.removeAll()
                guard let terms else { return }
                OwnKey.terms.withBytes { group.set($0, terms.span.bytes, expiry: Expiry.never) }
            }
        }
        epoch.renewed(at: clock.uptime())
        logger.warning("flushed: the denylist is empty and has a new epoch, which clients deny until revoked accept")
        guard let persistence, persistence.keepsEpoch, persistence.log.state == .off else {
            return Flush(position: position ?? 0)
        }
        return Flush(position: 0, later: storeEpoch(persistence))
    }

    // MARK: Terms

    /// Puts these terms in the place of those that are there, if nothing is there that could rest on them. Whoever revokes
    /// meanwhile reads the terms behind the write.
    /// - Returns: the position of the log that the answer waits for; nil if nothing was changed.
    func replaceTerms(_ terms: RawSpan) -> UInt64? {
        let persistence = persistence
        return denylist.lockAll { locked in
            let own = OwnKey.allCases.count { own in own.withBytes { read($0, locked) } != nil }
            guard locked.entries == own else { return nil }
            store(terms.withUnsafeBytes(Array.init), as: .terms, locked)
            logger.warning("an administrator has replaced the terms: the denylist held nothing")
            return OwnKey.terms.withBytes { key in
                persistence?.log.append(set: key, terms, expiry: Expiry.never, at: clock.now()) ?? 0
            }
        }
    }

    // MARK: Time that goes back

    /// Gives the denylist another epoch: what was said until now proves nothing about what is to come. Waits for the disk.
    func replaceEpoch() throws(PersistenceError) {
        let persistence = persistence
        denylist.lockAll { locked in
            let record = identity.withLock { identity in
                let record = identity?.replaced() ?? EpochRecord()
                identity = record
                return record
            }
            persistence?.setEpoch(record)
            show(record, locked)
        }
        epoch.renewed(at: clock.uptime())
        logger.warning("the denylist has a new epoch, which clients deny until revoked accept")
        if let persistence, persistence.keepsEpoch { try persistence.storeEpoch() }
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
        let refusal = denylist.lock(OwnKey.allCases.map { $0.withBytes(denylist.hash) }) { locked -> String? in
            identity.withLock { identity in
                guard let record = identity else { return "ERR revoked.accepted: there is no epoch yet" }
                guard let accepted = record.accepted(words) else {
                    return record.isPending
                        ? "ERR revoked.accepted: only \"\(record.text)\" can be accepted"
                        : "ERR revoked.accepted: only \"\(record.epoch) replaces <the epoch that clients hold>\""
                }
                guard accepted != record else { return nil }
                before = record
                change(&identity, to: accepted, locked)
                return nil
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
        denylist.lock(OwnKey.allCases.map { $0.withBytes(denylist.hash) }) { locked in
            identity.withLock { identity in
                // A flush meanwhile has made another.
                if identity?.epoch == before.epoch { change(&identity, to: before, locked) }
            }
        }
    }

    private func change(
        _ identity: inout EpochRecord?, to record: EpochRecord, _ locked: borrowing Denylist.Locked
    ) {
        identity = record
        persistence?.setEpoch(record)
        show(record, locked)
    }

    private func storeEpoch(_ persistence: Persistence, before: EpochRecord? = nil) -> DeferredReply {
        epochStore.store(
            persistence, onFailure: { [weak self] in self?.withdrawAcceptance(before) },
            onEnd: { [weak self] in self?.logHasProgressed() })
    }

    // MARK: The table

    private func show(_ record: EpochRecord, _ locked: borrowing Denylist.Locked) {
        store(Array(record.text.utf8), as: .epoch, locked)
        store(record.acceptance.map { Array($0.utf8) }, as: .acceptance, locked)
    }

    private func store(_ value: [UInt8]?, as own: OwnKey, _ locked: borrowing Denylist.Locked) {
        own.withBytes { key in
            locked.update(key, hash: denylist.hash(of: key), at: clock.now()) { entry in
                if let value {
                    entry.store(value.span.bytes, expiry: Expiry.never)
                } else if entry.exists {
                    entry.remove()
                }
            }
        }
    }

    private func read(_ key: RawSpan, _ locked: borrowing Denylist.Locked) -> [UInt8]? {
        locked.update(key, hash: denylist.hash(of: key), at: clock.now()) { entry in
            entry.exists ? entry.withValue { $0.withUnsafeBytes(Array.init) } : nil
        }
    }
}

extension OwnKey {
    /// Calls `body` with the name.
    func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        name.withUTF8Buffer { body(RawSpan(_unsafeElements: $0)) }
    }
}
