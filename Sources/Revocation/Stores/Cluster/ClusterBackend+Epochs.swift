import Contract

extension ClusterBackend {
    /// Slots in one batch of commands.
    private static let batch = 1_024

    /// The epoch of every slot.
    func epochs() async throws(StoreFailure) -> [[UInt8]?] {
        var epochs: [[UInt8]?] = []
        for reply in try await forAllSlots(ClusterSlot.epochKey, { Command("GET", $0) }) {
            epochs.append(try reply.value())
        }
        return epochs
    }

    /// Gives every slot this epoch.
    /// - Parameter onlyNew: keeps the epoch of slots that have one.
    func write(epoch: String, onlyNew: Bool) async throws(StoreFailure) {
        for reply in try await forAllSlots(
            ClusterSlot.epochKey, { onlyNew ? Command("SET", $0, epoch, "NX") : Command("SET", $0, epoch) })
        where reply != .ok && reply != .null {
            throw StoreFailure(unexpected: reply)
        }
    }

    private func forAllSlots(
        _ key: (Int) -> String, but left: Int? = nil, _ command: (String) -> Command
    ) async throws(StoreFailure) -> [Reply] {
        var replies: [Reply] = []
        for start in stride(from: 0, to: ClusterSlot.count, by: Self.batch) {
            let keys = (start..<start + Self.batch).filter { $0 != left }.map(key)
            replies += try await send(keys.map { ClusterGroup($0, [command($0)], proof: .none) }).flatMap(\.replies)
        }
        return replies
    }

    /// The first terms are decided in the anchor slot, then copied to all. Later terms go to all slots first and to the
    /// anchor last: a reader of the anchor finds no slot with older ones.
    func write(terms: [UInt8], over held: [UInt8]?) async throws(StoreFailure) -> Witness {
        let dialect = try await status().dialect
        var terms = terms
        if held == nil {
            let key = ClusterSlot.termsKey(of: ClusterSlot.anchor)
            let reply = try await reply(to: dialect.write(terms: terms, over: nil, key: key), key)
            guard reply == .ok || reply == .null else { throw StoreFailure(unexpected: reply) }
            guard let decided = try await anchorWitness(.write).terms else { throw .unexpectedReply }
            terms = decided
        }
        for reply in try await forAllSlots(
            ClusterSlot.termsKey, but: ClusterSlot.anchor, { dialect.write(terms: terms, over: held, key: $0) })
        where reply != .ok && reply != .null {
            throw StoreFailure(unexpected: reply)
        }
        if let held {
            let key = ClusterSlot.termsKey(of: ClusterSlot.anchor)
            _ = try await reply(to: dialect.write(terms: terms, over: held, key: key), key)
        }
        return try await anchorWitness(.write)
    }

    func witnessOfWrites() async throws(StoreFailure) -> Witness? {
        nodes.haveWritten ? try await anchorWitness(.write) : nil
    }

    private func anchorWitness(_ purpose: StoreConnection.Purpose) async throws(StoreFailure) -> Witness {
        let group = ClusterGroup(Epoch.key, [Command("GET", Epoch.key)], proof: .epochAndTerms)
        let answers = try await ClusterSender(nodes: nodes, purpose: purpose).run([group]).answers
        return try Witness((answers.first?.proof ?? [])[...])
    }

    private func reply(to command: Command, _ key: String) async throws(StoreFailure) -> Reply {
        try await send([ClusterGroup(key, [command], proof: .none)])[0].replies[0]
    }

    /// Gives a new cluster its epoch.
    /// - Throws: ``RevocationError/Code/epochChanged`` if a part of it has lost its own.
    func initialise() async throws(RevocationError) -> StoreAdministration.Initialisation {
        do throws(StoreFailure) {
            var epochs = Set(try await epochs())
            let isNew = epochs == [nil]
            if isNew {
                try await write(epoch: Epoch.random(), onlyNew: true)
                epochs = Set(try await self.epochs())
            }
            if epochs.count == 1, let epoch = epochs.first ?? nil {
                let text = String(decoding: epoch, as: UTF8.self)
                return isNew ? .written(epoch: text) : .alreadyThere(epoch: text)
            }
        } catch {
            throw RevocationError(error)
        }
        throw RevocationError(
            .epochChanged, "a part of the cluster has lost its memory: look what was lost, then run revoked accept")
    }

    /// Accepts the cluster as it is. If its parts differ they get a new epoch together.
    /// - Parameter old: the epoch that servers have pinned; nil for the one that a part of the cluster still has.
    /// - Throws: ``RevocationError/Code/epochMissing`` if there is nothing to accept.
    func acceptEpoch(replacing old: String?) async throws(RevocationError) -> StoreAdministration.Acceptance {
        do throws(StoreFailure) {
            let epochs = Set(try await epochs())
            let accepted = Epoch.Identity(try await value(of: Epoch.acceptedKey))
            let known = epochs.compactMap { $0 }
            if let first = known.first {
                let isWhole = epochs.count == 1
                let identity = Epoch.Identity(
                    epoch: isWhole ? first : Array(Epoch.random().utf8),
                    replacing: !isWhole && known.count == 1 ? first : nil)
                let (acceptance, isOld): (Epoch.Identity, Bool)
                do throws(RevocationError) {
                    (acceptance, isOld) = try StoreAdministration.acceptance(
                        of: identity, replacing: old, accepted: accepted)
                } catch {
                    throw StoreFailure(.storeError, error.message)
                }
                if !isWhole { try await write(epoch: identity.text, onlyNew: false) }
                let command = StoreAdministration.accepting(acceptance, try await status().dialect)
                let reply = try await reply(to: command, Epoch.acceptedKey)
                guard reply == .ok else { throw StoreFailure(unexpected: reply) }
                return StoreAdministration.Acceptance(
                    replaced: String(decoding: acceptance.replaced ?? [], as: UTF8.self), accepted: identity.text,
                    isOld: isOld)
            }
        } catch {
            throw RevocationError(error)
        }
        throw RevocationError(.epochMissing, "the cluster has no epoch to accept: run revoked init first")
    }

    private func value(of key: String) async throws(StoreFailure) -> [UInt8]? {
        try await reply(to: Command("GET", key), key).value()
    }
}
