import Contract

/// Commands about one key of a cluster, with commands that prove the memory of the node that answers. Sent to one node
/// in one piece.
///
/// While a slot migrates, its keys are on two nodes. A node that has lost its memory must not answer for a migrated key
/// next to the epoch of the node that the key came from. So when a node redirects any part of a group, one node is
/// asked for all of it again.
struct ClusterGroup: Sendable {
    enum Proof: Sendable {
        /// For an operator's commands about the epochs themselves.
        case none
        case epoch
        case epochAndTerms
    }

    let slot: Int
    let commands: [Command]
    let proof: Proof

    init(_ key: String, _ commands: [Command], proof: Proof) {
        slot = ClusterSlot.of(key)
        self.commands = commands
        self.proof = proof
    }

    /// The commands that read the proof from a node that has this slot.
    func proofCommands(of slot: Int) -> [Command] {
        switch proof {
        case .none: []
        case .epoch: [Command("GET", ClusterSlot.epochKey(of: slot))]
        case .epochAndTerms:
            [Command("GET", ClusterSlot.termsKey(of: slot)), Command("GET", ClusterSlot.epochKey(of: slot))]
        }
    }
}

/// The answer of one node to a group.
struct ClusterAnswer: Sendable, Equatable {
    /// One for each command.
    let replies: [Reply]
    /// To ``ClusterGroup/proofCommands(of:)``.
    let proof: [Reply]
    /// The node's clock, read before the rest; nil if it was not asked for.
    let time: Int64?
}

/// Where a group is sent.
struct ClusterAttempt: Sendable, Equatable {
    let group: Int
    /// nil for the node that has the slot.
    var target: StoreURL.Location?
    /// Whether the slot migrates there: each command needs `ASKING` before it.
    var isAsking = false
    /// 0 if the epoch of the group's own slot proves the node's memory. Otherwise another slot of the node does: the
    /// epoch of a migrating slot may be on either node.
    var proofTurn = 0

    init(group: Int) { self.group = group }

    /// The next step after an answer.
    enum Step: Equatable {
        case done
        case again(ClusterAttempt)
        /// A slot has moved for good.
        case moved(slot: Int, to: StoreURL.Location, again: ClusterAttempt)
    }

    func step(after answer: ClusterAnswer, of location: StoreURL.Location) -> Step {
        for reply in answer.replies {
            switch ClusterRedirection(reply, asked: location) {
            case nil: continue
            case .moved(let slot, let other): return .moved(slot: slot, to: other, again: ClusterAttempt(group: group))
            case .ask(let other):
                var next = ClusterAttempt(group: group)
                (next.target, next.isAsking, next.proofTurn) = (other, true, 1)
                return .again(next)
            case .tryAgain: return .again(self)
            }
        }
        for reply in answer.proof {
            // The node answered for the key, so the same node must prove its memory, by another slot.
            var next = self
            (next.target, next.proofTurn) = (location, proofTurn + 1)
            switch ClusterRedirection(reply, asked: location) {
            case nil: continue
            case .moved(let slot, let other): return .moved(slot: slot, to: other, again: next)
            case .ask: return .again(next)
            case .tryAgain: return .again(self)
            }
        }
        return .done
    }
}
