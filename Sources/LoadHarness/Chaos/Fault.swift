/// Something that is done to a process, its network, its disk or its clock.
enum Fault: Sendable, Equatable {
    enum Target: Sendable, Hashable {
        case daemon
        /// From 0.
        case node(Int)

        var name: String {
            switch self {
            case .daemon: "daemon"
            case .node(let node): "node \(node + 1)"
            }
        }
    }

    case kill(Target)
    case pause(Target)
    case partition(node: Int, FaultyLink.Condition)
    case partitionAll(FaultyLink.Condition)
    case cut(node: Int, FaultyLink.Cut)
    case fullDisk
    /// Killed while its disk is full, which is freed before it starts again.
    case killOnFullDisk
    case moveClock(Target, seconds: Int)

    /// What it is called in a report.
    var kind: String {
        switch self {
        case .kill: "kill -9"
        case .pause: "pause"
        case .partition(_, let condition): condition == .refusing ? "refused" : condition.rawValue
        case .partitionAll(let condition): condition == .refusing ? "refused" : condition.rawValue
        case .cut(_, let cut): cut.rawValue
        case .fullDisk: "disk full"
        case .killOnFullDisk: "kill -9, disk full"
        case .moveClock(_, let seconds): "clock \(seconds < 0 ? "" : "+")\(seconds) s"
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
        case .fullDisk: "full disk"
        case .killOnFullDisk: "kill -9 of the daemon on a full disk"
        case .moveClock(let target, _): "clock of \(target == .daemon ? "the daemon" : "a node") moved"
        }
    }

    var target: String {
        switch self {
        case .kill(let target), .pause(let target), .moveClock(let target, _): target.name
        case .partition(let node, _), .cut(let node, _): Target.node(node).name
        case .partitionAll: "all nodes"
        case .fullDisk, .killOnFullDisk: Target.daemon.name
        }
    }

    /// Those that nothing else may be done to meanwhile.
    func parties(nodes: Int) -> Set<Target> {
        switch self {
        case .kill(let target), .pause(let target), .moveClock(let target, _): [target]
        case .partition(let node, _), .cut(let node, _): [.node(node)]
        case .partitionAll: Set((0..<nodes).map(Target.node))
        case .fullDisk, .killOnFullDisk: [.daemon]
        }
    }

    /// The nodes that must let good tokens through again once it is over.
    func affected(nodes: Int) -> [Int] {
        switch self {
        case .kill(.node(let node)), .pause(.node(let node)), .moveClock(.node(let node), _), .partition(let node, _),
            .cut(let node, _):
            [node]
        default: Array(0..<nodes)
        }
    }

    /// Chooses one.
    static func random(_ random: inout Random, nodes: Int, hasSmallDisk: Bool, hasMovedClocks: Bool) -> Fault {
        let node = Int(random.next(below: UInt64(nodes)))
        let conditions = FaultyLink.Condition.allCases.filter { $0 != .open }
        let condition = conditions[Int(random.next(below: UInt64(conditions.count)))]
        let cuts = FaultyLink.Cut.allCases
        let cut = cuts[Int(random.next(below: UInt64(cuts.count)))]
        let target: Target = random.next(below: 3) == 0 ? .daemon : .node(node)
        while true {
            switch random.next(below: 20) {
            case 0...4: return .kill(.daemon)
            case 5, 6: return .kill(.node(node))
            case 7, 8: return .pause(.daemon)
            case 9, 10: return .pause(.node(node))
            case 11, 12: return .partition(node: node, condition)
            case 13: return .partitionAll(condition)
            case 14, 15: return .cut(node: node, cut)
            case 16 where hasSmallDisk, 17 where hasSmallDisk: return .fullDisk
            case 18 where hasSmallDisk: return .killOnFullDisk
            case 19 where hasMovedClocks:
                let seconds = Int(random.next(below: MovedClock.most)) + 1
                return .moveClock(target, seconds: random.next(below: 2) == 0 ? seconds : -seconds)
            default: continue
            }
        }
    }
}
