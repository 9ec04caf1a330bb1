import Contract

/// Commands about one key of a cluster, and the proof of whose memory answers them: sent to one node in one piece.
///
/// While a slot is on its way, its keys are spread over two nodes. A node that has lost its memory must not answer for
/// a key that went there, beside the epoch of the node that the key came from. So whenever a node sends any part of a
/// group on, one node is asked for all of it again.
struct ClusterGroup: Sendable {
    enum Proof: Sendable {
        /// For what an operator does to epochs themselves.
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

    /// Reads the proof of a node that has this slot.
    func proofCommands(of slot: Int) -> [Command] {
        switch proof {
        case .none: []
        case .epoch: [Command("GET", ClusterSlot.epochKey(of: slot))]
        case .epochAndTerms:
            [Command("GET", ClusterSlot.termsKey(of: slot)), Command("GET", ClusterSlot.epochKey(of: slot))]
        }
    }
}

/// What one node answered to a group.
struct ClusterAnswer: Sendable, Equatable {
    /// One for each command.
    let replies: [Reply]
    /// To ``ClusterGroup/proofCommands(of:)``.
    let proof: [Reply]
    /// The node's clock, read before all of it; nil if that was not wanted.
    let time: Int64?
}

/// Where a group is sent.
struct ClusterAttempt: Sendable, Equatable {
    let group: Int
    /// nil for the node that has the slot.
    var target: StoreURL.Location?
    /// Whether the slot is on its way there, which each command must be preceded by.
    var isAsking = false
    /// 0 if the epoch of the group's own slot proves the node's memory. Otherwise the epoch of another slot of the node
    /// does: that of a slot on its way may be on either side.
    var proofTurn = 0

    init(group: Int) { self.group = group }

    /// What is to be done after a node has answered.
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
            // The node has answered for the key: the same one must prove itself, by another slot.
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
