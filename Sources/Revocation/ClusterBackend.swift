import Contract
import Logging

/// A Redis or Valkey cluster. The keys of one check may lie on several nodes, which are asked at once.
///
/// Each key is read together with the epoch of its own slot, behind it and from the same node: so a node that has lost its
/// memory, or a part that comes from elsewhere, is noticed in the very answer.
final class ClusterBackend: Backend {
    private let nodes: ClusterNodes
    private let replicas: ReplicaRequirement?

    init(
        _ seeds: [StoreURL.Location], access: StoreURL.Access, configuration: RevocationConfiguration, logger: Logger
    ) throws(RevocationError) {
        nodes = ClusterNodes(
            seeds, access: access, encryption: try StoreEncryption(access), configuration: configuration, logger: logger
        )
        replicas = configuration.replicas
    }

    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?] {
        let answer = try await ClusterErrands(nodes: nodes, purpose: .check).run(Self.errands(keys))
        return try Self.values(of: keys, answer.replies[...])
    }

    func timedLookUp(_ keys: [String]) async throws(StoreFailure) -> TimedValues {
        let answer = try await ClusterErrands(nodes: nodes, purpose: .check, isTimed: true).run(Self.errands(keys))
        return TimedValues(values: try Self.values(of: keys, answer.replies[...]), time: answer.time ?? 0...0)
    }

    func claim(_ entry: RevocationEntry, thenLookUp keys: [String]) async throws(StoreFailure) -> Claim {
        let dialect = try await condition().dialect
        var answer = try await claim(dialect.claim(entry, .digest), entry.key, keys)
        if answer.replies[0].isMissingScript {
            answer = try await claim(dialect.claim(entry, .text), entry.key, keys)
        }
        return Claim(
            existing: try answer.replies[0].value(),
            after: TimedValues(
                values: try Self.values(of: keys, answer.replies.dropFirst()), time: answer.time ?? 0...0))
    }

    private func claim(
        _ command: Command, _ key: String, _ keys: [String]
    ) async throws(StoreFailure) -> ClusterReplies {
        try await ClusterErrands(nodes: nodes, purpose: .write, isTimed: true)
            .run([ClusterErrand(key, command)] + Self.errands(keys))
    }

    @discardableResult
    func write(_ entries: [RevocationEntry]) async throws(StoreFailure) -> Int? {
        let dialect = try await condition().dialect
        let errands = ClusterErrands(nodes: nodes, purpose: .write, replicas: replicas)
        var answer = try await errands.run(entries.map { ClusterErrand($0.key, dialect.write($0, .digest)) })
        let missing = entries.indices.filter { answer.replies[$0].isMissingScript }
        if !missing.isEmpty {
            let again = try await errands.run(
                missing.map { ClusterErrand(entries[$0].key, dialect.write(entries[$0], .text)) })
            for (index, reply) in zip(missing, again.replies) { answer.replies[index] = reply }
            if let count = again.replicas { answer.replicas = min(answer.replicas ?? count, count) }
        }
        for reply in answer.replies where reply != .ok { throw StoreFailure(unexpected: reply) }
        return answer.replicas
    }

    func remove(_ keys: [String]) async throws(StoreFailure) -> [RemovedEntry?] {
        let answer = try await send(
            keys.flatMap { key in
                RemovedEntry.commands(key).map { ClusterErrand(key, $0) }
            })
        var removed: [RemovedEntry?] = []
        for index in stride(from: 0, to: answer.count, by: 3) {
            removed.append(try RemovedEntry(answer[index..<index + 3]))
        }
        return removed
    }

    func send(_ errands: [ClusterErrand]) async throws(StoreFailure) -> [Reply] {
        try await ClusterErrands(nodes: nodes, purpose: .write).run(errands).replies
    }

    /// What is true of every node: the warnings of all, the clock that is furthest off, the oldest version.
    func condition() async throws(StoreFailure) -> StoreCondition {
        if nodes.conditions.isEmpty { _ = try await lookUp([Epoch.key]) }
        guard let condition = StoreCondition.joining(nodes.conditions) else { throw .clockUnknown }
        return condition
    }

    func close() async {
        await nodes.close()
    }

    // MARK: Values and their epochs

    /// Each key and behind it the epoch of its slot.
    private static func errands(_ keys: [String]) -> [ClusterErrand] {
        var errands: [ClusterErrand] = []
        for key in asked(keys) {
            errands.append(ClusterErrand(key, Command("GET", key)))
            let epochKey = ClusterSlot.epochKey(of: ClusterSlot.of(key))
            errands.append(ClusterErrand(epochKey, Command("GET", epochKey)))
        }
        return errands
    }

    /// The epoch's own key stands for those of the other keys' slots.
    private static func asked(_ keys: [String]) -> [String] {
        let others = keys.filter { $0 != Epoch.key }
        return others.isEmpty ? [Epoch.key] : others
    }

    /// - Parameter replies: to ``errands(_:)``.
    /// - Returns: for the epoch nil unless all slots agree.
    private static func values(of keys: [String], _ replies: ArraySlice<Reply>) throws(StoreFailure) -> [[UInt8]?] {
        let replies = Array(replies)
        let asked = asked(keys)
        guard replies.count == 2 * asked.count else { throw .unexpectedReply }
        var values: [String: [UInt8]] = [:]
        var epochs: Set<[UInt8]?> = []
        for (index, key) in asked.enumerated() {
            if let value = try replies[2 * index].value() { values[key] = value }
            epochs.insert(try replies[2 * index + 1].value())
        }
        let epoch = epochs.count == 1 ? epochs.first ?? nil : nil
        return keys.map { $0 == Epoch.key ? epoch : values[$0] }
    }
}
