/// Something that is done to a process, its network, its disk or its clock.
enum Fault: Sendable, Equatable {
    enum Target: Sendable, Hashable {
        case daemon
        /// From 0.
        case node(Int)
        /// Where the keys of another issuer are.
        case keySet

        var name: String {
            switch self {
            case .daemon: "daemon"
            case .node(let node): "node \(node + 1)"
            case .keySet: "key set"
            }
        }
    }

    case kill(Target)
    case pause(Target)
    case partition(node: Int, FaultyLink.Condition)
    case partitionAll(FaultyLink.Condition)
    case cut(node: Int, FaultyLink.Cut)
    /// Some of a node's connections are reset, and new ones refused.
    case cutLane(node: Int, FaultyLink.Lane)
    /// Some of a node's connections reach an empty store with an epoch of its own.
    case otherStore(node: Int, FaultyLink.Lane)
    /// An empty store is behind the address.
    case otherStoreForAll
    /// A copy of the data directory is behind the address, which does not come to know what follows.
    case olderCopy
    case fullDisk
    /// As much as one write needs comes free again, not as much as a new base would.
    case nearlyFullDisk
    /// Killed while its disk is full, which is freed before it starts again.
    case killOnFullDisk
    case moveClock(Target, seconds: Int)
    /// Killed, started while its clock is wrong, and once more when it is right.
    case restartOnWrongClock(seconds: Int)
    /// The server of another issuer's keys begins an answer and does not end it.
    case stalledKeySet

    /// What it is called in a report.
    var kind: String {
        switch self {
        case .kill: "kill -9"
        case .pause: "pause"
        case .partition(_, let condition): condition == .refusing ? "refused" : condition.rawValue
        case .partitionAll(let condition): condition == .refusing ? "refused" : condition.rawValue
        case .cut(_, let cut): cut.rawValue
        case .cutLane(_, let lane): "\(lane.name) refused"
        case .otherStore(_, let lane): "\(lane.name) to another store"
        case .otherStoreForAll: "another store"
        case .olderCopy: "older copy"
        case .fullDisk: "disk full"
        case .nearlyFullDisk: "disk full, a little comes free"
        case .killOnFullDisk: "kill -9, disk full"
        case .moveClock(_, let seconds): "clock \(seconds < 0 ? "" : "+")\(seconds) s"
        case .restartOnWrongClock(let seconds): "kill -9, clock \(seconds < 0 ? "" : "+")\(seconds) s"
        case .stalledKeySet: "stalled key set"
        }
    }

    /// What recovery is summed up by.
    var group: String {
        switch self {
        case .kill(let target): "kill -9 of \(target == .daemon ? "the daemon" : "a node")"
        case .pause(let target): "pause of \(target == .daemon ? "the daemon" : "a node")"
        case .partition: "partition of a node"
        case .partitionAll: "partition of all nodes"
        case .cut: "connections cut"
        case .cutLane(_, let lane): "\(lane.name) of a node refused"
        case .otherStore(_, let lane): "\(lane.name) of a node to another store"
        case .otherStoreForAll: "another store behind the address"
        case .olderCopy: "older copy behind the address"
        case .fullDisk: "full disk"
        case .nearlyFullDisk: "full disk of which a little comes free"
        case .killOnFullDisk: "kill -9 of the daemon on a full disk"
        case .moveClock(let target, _): "clock of \(target == .daemon ? "the daemon" : "a node") moved"
        case .restartOnWrongClock: "daemon restarted on a wrong clock"
        case .stalledKeySet: "stalled key set"
        }
    }

    var target: String {
        switch self {
        case .kill(let target), .pause(let target), .moveClock(let target, _): target.name
        case .partition(let node, _), .cut(let node, _), .cutLane(let node, _), .otherStore(let node, _):
            Target.node(node).name
        case .partitionAll, .otherStoreForAll, .olderCopy: "all nodes"
        case .fullDisk, .nearlyFullDisk, .killOnFullDisk, .restartOnWrongClock: Target.daemon.name
        case .stalledKeySet: Target.keySet.name
        }
    }

    /// The targets that no other fault may affect meanwhile.
    func parties(nodes: Int) -> Set<Target> {
        switch self {
        case .kill(let target), .pause(let target), .moveClock(let target, _): [target]
        case .partition(let node, _), .cut(let node, _), .cutLane(let node, _), .otherStore(let node, _): [.node(node)]
        case .partitionAll: Set((0..<nodes).map(Target.node))
        case .otherStoreForAll, .olderCopy: Set([.daemon] + (0..<nodes).map(Target.node))
        case .fullDisk, .nearlyFullDisk, .killOnFullDisk, .restartOnWrongClock: [.daemon]
        // A node that starts meanwhile has no keys yet that it could go on with.
        case .stalledKeySet: Set([.keySet] + (0..<nodes).map(Target.node))
        }
    }

    /// The nodes that must let good tokens through again once it is over.
    func affected(nodes: Int) -> [Int] {
        switch self {
        case .kill(.node(let node)), .pause(.node(let node)), .moveClock(.node(let node), _), .partition(let node, _),
            .cut(let node, _), .cutLane(let node, _), .otherStore(let node, _):
            [node]
        default: Array(0..<nodes)
        }
    }

    /// The nodes that it excuses from answering.
    func excused(nodes: Int) -> [Int] {
        switch self {
        // Their keys still serve, and an unknown key gets its answer in time.
        case .stalledKeySet: []
        default: affected(nodes: nodes)
        }
    }

    /// What can be done here beside kills and partitions.
    struct Means: Sendable {
        var smallDisk = false
        var scarceDisk = false
        var movedClocks = false
        var keySet = false
        var otherStore = false
        var olderCopy = false
        var restartsOnWrongClock = false
    }

    /// Chooses one.
    static func random(_ random: inout Random, nodes: Int, _ means: Means) -> Fault {
        let node = Int(random.next(below: UInt64(nodes)))
        let conditions = FaultyLink.Condition.allCases.filter { $0 != .open }
        let condition = conditions[Int(random.next(below: UInt64(conditions.count)))]
        let cuts = FaultyLink.Cut.allCases
        let cut = cuts[Int(random.next(below: UInt64(cuts.count)))]
        let lanes = FaultyLink.Lane.allCases
        let lane = lanes[Int(random.next(below: UInt64(lanes.count)))]
        let target: Target = random.next(below: 3) == 0 ? .daemon : .node(node)
        let isForward = random.next(below: 2) == 0
        while true {
            switch random.next(below: 33) {
            case 0...4: return .kill(.daemon)
            case 5, 6: return .kill(.node(node))
            case 7, 8: return .pause(.daemon)
            case 9, 10: return .pause(.node(node))
            case 11, 12: return .partition(node: node, condition)
            case 13: return .partitionAll(condition)
            case 14, 15: return .cut(node: node, cut)
            case 16, 17: return .cutLane(node: node, lane)
            case 18 where means.otherStore, 19 where means.otherStore:
                return .otherStore(node: node, lane)
            case 20 where means.otherStore: return .otherStore(node: node, .writes)
            case 21 where means.otherStore, 22 where means.otherStore:
                return .otherStoreForAll
            case 23 where means.olderCopy: return .olderCopy
            case 24 where means.smallDisk: return .fullDisk
            case 25 where means.scarceDisk: return .nearlyFullDisk
            case 26 where means.smallDisk: return .killOnFullDisk
            case 27 where means.movedClocks, 28 where means.movedClocks:
                let seconds = Int(random.next(below: MovedClock.most)) + 1
                return .moveClock(target, seconds: isForward ? seconds : -seconds)
            case 29 where means.restartsOnWrongClock, 30 where means.restartsOnWrongClock:
                let seconds = wrongClocks[Int(random.next(below: UInt64(wrongClocks.count)))]
                return .restartOnWrongClock(seconds: isForward ? seconds : -seconds)
            case 31 where means.keySet, 32 where means.keySet: return .stalledKeySet
            default: continue
            }
        }
    }

    /// A minute, an hour, a day, a year, ten years.
    private static let wrongClocks = [60, 3_600, 86_400, 31_536_000, 315_360_000]
}

extension FaultyLink.Lane {
    fileprivate var name: String { self == .all ? "all connections" : rawValue }
}
