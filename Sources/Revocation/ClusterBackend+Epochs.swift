import Contract

extension ClusterBackend {
    /// How many slots are asked at once.
    private static let batch = 1_024

    /// The epoch of every slot.
    func epochs() async throws(StoreFailure) -> [[UInt8]?] {
        var epochs: [[UInt8]?] = []
        for reply in try await forAllSlots({ Command("GET", $0) }) { epochs.append(try reply.value()) }
        return epochs
    }

    /// Gives every slot this epoch.
    /// - Parameter onlyNew: leaves those that have one.
    func write(epoch: String, onlyNew: Bool) async throws(StoreFailure) {
        for reply in try await forAllSlots({ onlyNew ? Command("SET", $0, epoch, "NX") : Command("SET", $0, epoch) })
        where reply != .ok && reply != .null {
            throw StoreFailure(unexpected: reply)
        }
    }

    private func forAllSlots(_ command: (String) -> Command) async throws(StoreFailure) -> [Reply] {
        var replies: [Reply] = []
        for start in stride(from: 0, to: ClusterSlot.count, by: Self.batch) {
            let keys = (start..<start + Self.batch).map { ClusterSlot.epochKey(of: $0) }
            replies += try await send(keys.map { ClusterGroup($0, [command($0)], proof: .none) }).flatMap(\.replies)
        }
        return replies
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
    /// - Throws: ``RevocationError/Code/epochMissing`` if there is nothing to accept.
    func acceptEpoch(seconds: Int) async throws(RevocationError) -> StoreAdministration.Acceptance {
        do throws(StoreFailure) {
            let epochs = Set(try await epochs())
            if epochs != [nil] {
                var epoch = epochs.count == 1 ? String(decoding: (epochs.first ?? nil) ?? [], as: UTF8.self) : ""
                if epoch.isEmpty {
                    epoch = Epoch.random()
                    try await write(epoch: epoch, onlyNew: false)
                }
                let key = Epoch.acceptedKey
                let commands = [Command("GET", key), Command("SETEX", key, String(seconds), epoch)]
                let replies = try await send([ClusterGroup(key, commands, proof: .none)])[0].replies
                guard replies[1] == .ok else { throw StoreFailure(unexpected: replies[1]) }
                let previous = try replies[0].value().map { String(decoding: $0, as: UTF8.self) }
                return StoreAdministration.Acceptance(previous: previous, accepted: epoch)
            }
        } catch {
            throw RevocationError(error)
        }
        throw RevocationError(.epochMissing, "the cluster has no epoch to accept: run revoked init first")
    }
}
