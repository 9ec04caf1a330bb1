import Contract
import Logging
import Synchronization

// The pinned epoch, and the terms read with it (WireContract.md, *The epoch*, *The terms*).

extension RevocationList {
    /// What the epoch and the terms of the store allow.
    struct Contact {
        /// nil if the store does not carry the pinned epoch, or its terms are not enough.
        var pinnedEpoch: PinnedEpoch?
        /// The terms that name the keys. A revocation found there counts even without a pinned epoch. nil if unknown.
        var terms: TermsInForce?
        /// Why ``pinnedEpoch`` is nil.
        var cause: UnknownCause?
    }

    /// Reads terms and epoch unless they are known.
    func contact() async -> Contact {
        if let pinnedEpoch { return Contact(pinnedEpoch: pinnedEpoch, terms: pinnedEpoch.terms) }
        return await renewContact()
    }

    /// Reads terms and epoch again.
    func renewContact() async -> Contact {
        do throws(StoreFailure) {
            let values = try await backend.lookUp(Witness.keys)
            let contact = adopt(Witness(terms: values[0], epoch: values[1]))
            // A process that makes one call and ends must notice an acceptance, too.
            guard contact.cause?.code == .epochChanged,
                pin.withLock({ $0.shouldAsk(now: configuration.bootClock()) })
            else { return contact }
            return try await readStore()
        } catch {
            return Contact(cause: UnknownCause(error))
        }
    }

    /// Takes over what a store says of itself. Pins its epoch if none is pinned.
    func adopt(_ witness: Witness) -> Contact {
        let terms: TermsInForce
        do throws(UnknownCause) {
            terms = try wanted.inForce(witness.terms, known: pin.withLock { $0.knownTerms })
        } catch {
            return Contact(cause: error)
        }
        let (pinned, isNew) = pin.withLock { $0.pin(seeing: witness.epoch) }
        if isNew { keep(pinned) }
        if let mismatch = Epoch.mismatch(witness.epoch, pinned: pinned) {
            return Contact(terms: terms, cause: mismatch)
        }
        if configuration.omitted != .terms, let disagreement = wanted.disagreement(with: terms.terms) {
            return Contact(terms: terms, cause: UnknownCause(.termsDisagree, disagreement))
        }
        let pinnedEpoch = PinnedEpoch(pinned, terms: terms, omitting: configuration.omitted)
        pin.withLock { $0.adopt(pinnedEpoch) }
        return Contact(pinnedEpoch: pinnedEpoch, terms: terms)
    }

    /// Writes the pinned epoch to the state file.
    func keep(_ epoch: [UInt8]) {
        guard let stateFile else { return }
        do throws(RevocationError) {
            try stateFile.save(epoch)
            isStateKept.store(true, ordering: .relaxed)
        } catch {
            isStateKept.store(false, ordering: .relaxed)
            logger.error("\(error.message)")
        }
    }

    // MARK: Writing

    /// Ensures that the denylist has terms, and that this process may write under them. A process that issues or
    /// revokes tokens calls this first.
    ///
    /// A denylist without terms gets this process' own. Calls that write do the same by themselves.
    /// - Throws: ``RevocationError/Code/termsDisagree`` if they say less than the configuration needs; the message says
    ///   what to do. Any other error: not known yet, as the store cannot be asked.
    public func prepare() async throws(RevocationError) {
        _ = try await pinnedEpochForWriting()
    }

    /// The pinned epoch with the terms that lifetimes are calculated from. A denylist without terms gets those of this
    /// process.
    func pinnedEpochForWriting() async throws(RevocationError) -> PinnedEpoch {
        do throws(UnknownCause) { return try await pinnedEpochWithTerms() } catch { throw RevocationError(error) }
    }

    /// The same, for issuing tokens.
    func pinnedEpochWithTerms() async throws(UnknownCause) -> PinnedEpoch {
        var contact = await contact()
        if let pinnedEpoch = contact.pinnedEpoch, pinnedEpoch.terms.areUnwritten {
            let terms = pinnedEpoch.terms.terms.bytes
            contact = adopt(
                try await asking { () async throws(StoreFailure) in try await backend.write(terms: terms, over: nil) })
            guard contact.pinnedEpoch?.terms.areUnwritten != true else {
                throw UnknownCause(.termsDisagree, "the store did not keep the terms that were just written")
            }
        }
        guard let pinnedEpoch = contact.pinnedEpoch else {
            let cause = contact.cause ?? UnknownCause(.unreachable, "nothing is known of the store")
            react(to: cause)
            throw cause
        }
        return pinnedEpoch
    }

    /// Writes, and accepts the acknowledgement under the pinned epoch only. If the terms changed meanwhile, they are
    /// read again and the write is repeated once.
    /// - Parameter needsTerms: whether the lifetime written is calculated from the terms.
    func proven<Value>(
        needsTerms: Bool = true, _ write: (PinnedEpoch) async throws(RevocationError) -> Witnessed<Value>
    ) async throws(RevocationError) -> Value {
        let pinnedEpoch = try await pinnedEpochForWriting()
        let witnessed = try await write(pinnedEpoch)
        do throws(StoreFailure) {
            return try witnessed.value(from: pinnedEpoch, needsTerms: needsTerms)
        } catch  where error.code == .termsChanged {
            return try await again(write)
        } catch {
            throw unacknowledged(error)
        }
    }

    private func again<Value>(
        _ write: (PinnedEpoch) async throws(RevocationError) -> Witnessed<Value>
    ) async throws(RevocationError) -> Value {
        pin.withLock { $0.forgetTerms() }
        let pinnedEpoch = try await pinnedEpochForWriting()
        let witnessed = try await write(pinnedEpoch)
        do throws(StoreFailure) { return try witnessed.value(from: pinnedEpoch) } catch { throw unacknowledged(error) }
    }

    /// Updates the pin after a write that was not acknowledged.
    func unacknowledged(_ failure: StoreFailure) -> RevocationError {
        switch failure.code {
        case .epochMissing, .epochChanged: react(to: UnknownCause(failure))
        case .termsChanged: pin.withLock { $0.forgetTerms() }
        case .unreachable, .timedOut, .cancelled, .storeError, .malformedReply, .unsafeStore: break
        }
        return RevocationError(failure)
    }
}
