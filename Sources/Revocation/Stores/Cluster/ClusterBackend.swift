import Contract
import Logging

/// A Redis or Valkey cluster. The keys of one check may lie on several nodes, which are asked concurrently.
///
/// Each key is read together with an epoch, behind it and from the same node (``ClusterGroup``): so the answer itself
/// shows a node that has lost its memory, or a slot that came from elsewhere.
final class ClusterBackend: Backend {
    let nodes: ClusterNodes
    private let replicas: ReplicaRequirement?
    var encryption: StoreEncryption? { nodes.encryption }

    init(
        _ seeds: [StoreURL.Location], access: StoreURL.Access, configuration: RevocationConfiguration, logger: Logger
    ) throws(RevocationError) {
        nodes = ClusterNodes(
            seeds, access: access, encryption: try StoreEncryption(access, logger: logger),
            configuration: configuration, logger: logger
        )
        replicas = configuration.replicas
    }

    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?] { try await check(keys).values }

    func check(_ keys: [String]) async throws(StoreFailure) -> (values: [[UInt8]?], clock: StoreClock?) {
        let look = ClusterLookUp(keys)
        let answers = try await ClusterSender(nodes: nodes, purpose: .check).run(look.groups)
        return (try look.values(answers.answers).values, answers.clock)
    }

    func timedLookUp(_ keys: [String]) async throws(StoreFailure) -> TimedValues {
        let look = ClusterLookUp(keys)
        return try look.values(
            try await ClusterSender(nodes: nodes, purpose: .check, isTimed: true).run(look.groups).answers)
    }

    func claim(_ entry: RevocationEntry, thenLookUp keys: [String]) async throws(StoreFailure) -> Witnessed<Claim> {
        let dialect = try await status().dialect
        var look = ClusterLookUp(keys, after: dialect.claim(entry, .digest), of: entry.key)
        let sender = ClusterSender(nodes: nodes, purpose: .write, isTimed: true)
        var answers = try await sender.run(look.groups).answers
        if answers[0].replies[0].isMissingScript {
            look = ClusterLookUp(keys, after: dialect.claim(entry, .text), of: entry.key)
            answers = try await sender.run(look.groups).answers
        }
        // The first group is that of the claim. Its lifetime is calculated from the token alone.
        let witness = Witness(terms: nil, epoch: try (answers[0].proof.last ?? .null).value())
        return Witnessed(
            Claim(existing: try answers[0].replies[0].value(), after: try look.values(answers)), witness)
    }

    func write(
        _ entries: [RevocationEntry], under terms: [UInt8]?, receipt: Bool
    ) async throws(StoreFailure) -> Witnessed<Written> {
        let dialect = try await status().dialect
        let sender = ClusterSender(nodes: nodes, purpose: .write, replicas: replicas)
        func group(_ entry: RevocationEntry, _ form: Script.Form) -> ClusterGroup {
            ClusterGroup(entry.key, [dialect.write(entry, form)], proof: .epochAndTerms)
        }
        var result = try await sender.run(entries.map { group($0, .digest) })
        func again(_ indices: [Int]) async throws(StoreFailure) {
            let again = try await sender.run(indices.map { group(entries[$0], .text) })
            for (index, answer) in zip(indices, again.answers) { result.answers[index] = answer }
            if let count = again.replicas { result.replicas = min(result.replicas ?? count, count) }
        }
        let missing = entries.indices.filter { result.answers[$0].replies[0].isMissingScript }
        if !missing.isEmpty { try await again(missing) }
        // A slot without terms gets them, and the write is repeated.
        let bare = entries.indices.filter { result.answers[$0].proof.first == .null }
        if let terms, !bare.isEmpty {
            let keys = Set(bare.map { ClusterSlot.termsKey(of: ClusterSlot.of(entries[$0].key)) })
            _ = try await send(
                keys.map { ClusterGroup($0, [dialect.write(terms: terms, over: nil, key: $0)], proof: .none) })
            try await again(bare)
        }
        for answer in result.answers where answer.replies[0] != .ok {
            throw StoreFailure(unexpected: answer.replies[0])
        }
        let written = Written(replicas: result.replicas)
        return entries.isEmpty ? .nothingWritten(written) : Witnessed(written, Self.witnesses(result.answers))
    }

    func remove(_ keys: [String]) async throws(StoreFailure) -> Witnessed<[RemovedEntry?]> {
        let answers = try await send(keys.map { ClusterGroup($0, RemovedEntry.commands($0), proof: .epochAndTerms) })
        var removed: [RemovedEntry?] = []
        for answer in answers { removed.append(try RemovedEntry(answer.replies[...])) }
        return keys.isEmpty ? .nothingWritten([]) : Witnessed(removed, Self.witnesses(answers))
    }

    func exchange(
        _ key: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64
    ) async throws(StoreFailure) -> Bool {
        let command = try await status().dialect.exchange(key, held, for: new, secondsToLive: secondsToLive)
        return try await send([ClusterGroup(key, [command], proof: .none)])[0].replies[0].isExchanged
    }

    private static func witnesses(_ answers: [ClusterAnswer]) -> [Result<Witness, StoreFailure>] {
        answers.map { answer in Result { () throws(StoreFailure) in try Witness(answer.proof[...]) } }
    }

    func send(_ groups: [ClusterGroup]) async throws(StoreFailure) -> [ClusterAnswer] {
        try await ClusterSender(nodes: nodes, purpose: .write).run(groups).answers
    }

    /// The joined status of all nodes: all warnings, the joined clocks, the oldest version.
    func status() async throws(StoreFailure) -> StoreStatus {
        if nodes.statuses.isEmpty { _ = try await lookUp([Epoch.key]) }
        guard let status = StoreStatus.joining(nodes.statuses) else { throw .clockUnknown }
        return status
    }

    var latestClock: StoreClock? { StoreStatus.joining(nodes.statuses)?.clock }

    func close() async {
        await nodes.close()
    }
}
