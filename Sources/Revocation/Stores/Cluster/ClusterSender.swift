import Contract
import NIOCore

/// The answers to groups of commands.
struct ClusterAnswers: Sendable {
    /// In the order of the groups.
    var answers: [ClusterAnswer]
    /// The joined clocks of the nodes that answered.
    var clock: StoreClock?
    /// The fewest replicas of any node that have the writes; nil without `WAIT`.
    var replicas: Int?
}

/// Sends groups of commands: to each node its groups in one piece and in order, to all nodes concurrently.
struct ClusterSender: Sendable {
    /// How often one group may be redirected.
    private static let maximumRounds = 8

    let nodes: ClusterNodes
    let purpose: StoreConnection.Purpose
    var isTimed = false
    var replicas: ReplicaRequirement?

    func run(_ groups: [ClusterGroup]) async throws(StoreFailure) -> ClusterAnswers {
        var found: [ClusterAnswer?] = Array(repeating: nil, count: groups.count)
        var result = ClusterAnswers(answers: [])
        var pending = groups.indices.map { ClusterAttempt(group: $0) }
        var rounds = 0
        let end = NIODeadline.now() + nodes.commandTimeout
        while !pending.isEmpty {
            rounds += 1
            // One deadline covers all rounds; each round also has that of a command.
            guard rounds == 1 || NIODeadline.now() < end else { throw .timedOut }
            guard rounds <= Self.maximumRounds else {
                nodes.refreshSoon()
                throw StoreFailure(.storeError, "the cluster's nodes send the call around: its slots are being moved")
            }
            let loads = try await loads(of: pending, groups)
            pending = []
            for delivery in try await deliver(loads, groups) {
                if let clock = delivery.clock { result.clock = result.clock?.joined(with: clock) ?? clock }
                if let count = delivery.replicas { result.replicas = min(result.replicas ?? count, count) }
                for (attempt, answer) in zip(delivery.load.attempts, delivery.answers) {
                    switch attempt.step(after: answer, of: delivery.load.location) {
                    case .done:
                        found[attempt.group] = answer
                        if answer.isOfBrokenCluster { nodes.refreshSoon() }
                    case .again(let next): pending.append(next)
                    case .moved(let slot, let location, let next):
                        nodes.moved(slot, to: location)
                        pending.append(next)
                    }
                }
            }
            pending.sort { $0.group < $1.group }
        }
        result.answers = found.compactMap { $0 }
        return result
    }

    /// The attempts sent to one node.
    private struct Load: Sendable {
        let location: StoreURL.Location
        var attempts: [ClusterAttempt] = []
        /// For each attempt the slot whose epoch proves the node's memory.
        var proofSlots: [Int] = []
    }

    private struct Delivery: Sendable {
        let load: Load
        let answers: [ClusterAnswer]
        let clock: StoreClock?
        let replicas: Int?
    }

    private func loads(
        of attempts: [ClusterAttempt], _ groups: [ClusterGroup]
    ) async throws(StoreFailure) -> [Load] {
        let topology = try await nodes.topology()
        var loads: [StoreURL.Location: Load] = [:]
        for attempt in attempts {
            let slot = groups[attempt.group].slot
            guard let location = attempt.target ?? topology[slot] else {
                nodes.refreshSoon()
                throw StoreFailure(.storeError, "the store answered CLUSTERDOWN: a slot has no node")
            }
            loads[location, default: Load(location: location)].attempts.append(attempt)
            let other =
                attempt.proofTurn == 0 ? nil : topology.slot(of: location, besides: slot, number: attempt.proofTurn - 1)
            loads[location]?.proofSlots.append(other ?? slot)
        }
        return Array(loads.values)
    }

    private func deliver(_ loads: [Load], _ groups: [ClusterGroup]) async throws(StoreFailure) -> [Delivery] {
        if loads.count == 1 { return [try await deliver(loads[0], groups)] }
        let results = await withTaskGroup(of: Result<Delivery, StoreFailure>.self) { group in
            for load in loads {
                group.addTask {
                    do throws(StoreFailure) {
                        return .success(try await deliver(load, groups))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var deliveries: [Delivery] = []
        for result in results { deliveries.append(try result.get()) }
        return deliveries
    }

    private func deliver(_ load: Load, _ groups: [ClusterGroup]) async throws(StoreFailure) -> Delivery {
        var commands: [Command] = isTimed ? [Command("TIME")] : []
        for (attempt, proofSlot) in zip(load.attempts, load.proofSlots) {
            commands += self.commands(of: groups[attempt.group], attempt, proofSlot)
        }
        if let replicas {
            commands.append(Command("WAIT", String(replicas.count), String(replicas.timeout.milliseconds)))
        }
        do throws(StoreFailure) {
            let node = try nodes.node(at: load.location)
            if purpose == .write { nodes.noteWrite() }
            let connection = purpose == .check ? node.checks : node.writes
            var replies = try await connection.call(commands)[...]
            let time = isTimed ? try (replies.popFirst() ?? .null).time() : nil
            var count: Int?
            if replicas != nil {
                guard case .integer(let number)? = replies.popLast() else { throw StoreFailure.unexpectedReply }
                count = Int(clamping: number)
            }
            var answers: [ClusterAnswer] = []
            for (attempt, proofSlot) in zip(load.attempts, load.proofSlots) {
                let group = groups[attempt.group]
                let asking = attempt.isAsking
                answers.append(
                    ClusterAnswer(
                        replies: Self.take(group.commands.count, from: &replies, asking: asking),
                        proof: Self.take(
                            group.proofCommands(of: proofSlot).count, from: &replies,
                            asking: asking && proofSlot == group.slot),
                        time: time))
            }
            return Delivery(load: load, answers: answers, clock: connection.status?.clock, replicas: count)
        } catch {
            if error.code != .cancelled { nodes.refreshSoon() }
            throw error
        }
    }

    private func commands(of group: ClusterGroup, _ attempt: ClusterAttempt, _ proofSlot: Int) -> [Command] {
        func asking(_ commands: [Command], _ isAsking: Bool) -> [Command] {
            isAsking ? commands.flatMap { [Command("ASKING"), $0] } : commands
        }
        return asking(group.commands, attempt.isAsking)
            + asking(group.proofCommands(of: proofSlot), attempt.isAsking && proofSlot == group.slot)
    }

    /// - Parameter asking: whether each was preceded by `ASKING`.
    private static func take(_ count: Int, from replies: inout ArraySlice<Reply>, asking: Bool) -> [Reply] {
        (0..<count).map { _ in
            if asking { _ = replies.popFirst() }
            return replies.popFirst() ?? .null
        }
    }
}

extension ClusterAnswer {
    /// Whether the node answered `CLUSTERDOWN`.
    fileprivate var isOfBrokenCluster: Bool {
        (replies + proof).contains { reply in
            if case .error(let text) = reply { text.starts(with: "CLUSTERDOWN".utf8) } else { false }
        }
    }
}
