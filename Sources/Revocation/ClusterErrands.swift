/// One command about one key, for whichever node of a cluster has it.
struct ClusterErrand: Sendable {
    let slot: Int
    let command: Command

    init(_ key: String, _ command: Command) {
        slot = ClusterSlot.of(key)
        self.command = command
    }
}

/// What came of errands.
struct ClusterReplies: Sendable {
    /// In the order of the errands.
    var replies: [Reply]
    /// The clocks of the nodes that were asked, each read before what that node answered; nil if that was not wanted.
    var time: ClosedRange<Int64>?
    /// The fewest replicas of any node that have what was written; nil if that was not wanted.
    var replicas: Int?
}

/// Carries out errands: each node gets its own in one piece, in their order, and all nodes at once; whoever is sent on goes on.
struct ClusterErrands: Sendable {
    /// How often one errand may be sent on.
    private static let maximumRounds = 8

    enum Purpose: Sendable { case check, write }

    let nodes: ClusterNodes
    let purpose: Purpose
    var isTimed = false
    var replicas: ReplicaRequirement?

    func run(_ errands: [ClusterErrand]) async throws(StoreFailure) -> ClusterReplies {
        var result = ClusterReplies(replies: Array(repeating: .null, count: errands.count))
        var pending = errands.indices.map { Pending(index: $0, target: nil) }
        var rounds = 0
        while !pending.isEmpty {
            rounds += 1
            guard rounds <= Self.maximumRounds else {
                nodes.doubt()
                throw StoreFailure(.storeError, "the cluster's nodes send the call around: its slots are being moved")
            }
            let topology = try await nodes.topology()
            var loads: [StoreURL.Location: [Pending]] = [:]
            for item in pending {
                guard let location = item.target ?? topology[errands[item.index].slot] else {
                    nodes.doubt()
                    throw StoreFailure(.storeError, "the store answered CLUSTERDOWN: a slot has no node")
                }
                loads[location, default: []].append(item)
            }
            pending = []
            for delivery in try await deliver(loads, errands) {
                if let time = delivery.time {
                    let known = result.time ?? time...time
                    result.time = min(known.lowerBound, time)...max(known.upperBound, time)
                }
                if let count = delivery.replicas { result.replicas = min(result.replicas ?? count, count) }
                for (item, reply) in zip(delivery.items, delivery.replies) {
                    switch ClusterRedirection(reply, asked: delivery.location) {
                    case nil:
                        result.replies[item.index] = reply
                        if case .error(let text) = reply, text.starts(with: "CLUSTERDOWN".utf8) { nodes.doubt() }
                    case .moved(let slot, let location):
                        nodes.moved(slot, to: location)
                        pending.append(Pending(index: item.index, target: nil))
                    case .ask(let location): pending.append(Pending(index: item.index, target: location))
                    case .tryAgain: pending.append(Pending(index: item.index, target: nil))
                    }
                }
            }
            pending.sort { $0.index < $1.index }
        }
        return result
    }

    private struct Pending: Sendable {
        let index: Int
        /// Where it was sent while the slot is on its way.
        let target: StoreURL.Location?
    }

    private struct Delivery: Sendable {
        let location: StoreURL.Location
        let items: [Pending]
        let replies: [Reply]
        let time: Int64?
        let replicas: Int?
    }

    private func deliver(
        _ loads: [StoreURL.Location: [Pending]], _ errands: [ClusterErrand]
    ) async throws(StoreFailure) -> [Delivery] {
        if loads.count == 1, let load = loads.first { return [try await deliver(load.value, load.key, errands)] }
        let results = await withTaskGroup(of: Result<Delivery, StoreFailure>.self) { group in
            for (location, items) in loads {
                group.addTask {
                    do throws(StoreFailure) {
                        return .success(try await deliver(items, location, errands))
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

    private func deliver(
        _ items: [Pending], _ location: StoreURL.Location, _ errands: [ClusterErrand]
    ) async throws(StoreFailure) -> Delivery {
        var commands: [Command] = isTimed ? [Command("TIME")] : []
        for item in items {
            if item.target != nil { commands.append(Command("ASKING")) }
            commands.append(errands[item.index].command)
        }
        if let replicas {
            commands.append(Command("WAIT", String(replicas.count), String(replicas.timeout.milliseconds)))
        }
        do throws(StoreFailure) {
            let node = try nodes.node(at: location)
            var replies = try await (purpose == .check ? node.checks : node.writes).call(commands)[...]
            let time = isTimed ? try (replies.popFirst() ?? .null).time() : nil
            var count: Int?
            if replicas != nil {
                guard case .integer(let number)? = replies.popLast() else { throw StoreFailure.unexpectedReply }
                count = Int(clamping: number)
            }
            var answers: [Reply] = []
            for item in items {
                if item.target != nil { _ = replies.popFirst() }
                answers.append(replies.popFirst() ?? .null)
            }
            return Delivery(location: location, items: items, replies: answers, time: time, replicas: count)
        } catch {
            if error.code != .cancelled { nodes.doubt() }
            throw error
        }
    }
}
