/// Which primary has which slots.
struct ClusterTopology: Sendable {
    private(set) var primaries: [StoreURL.Location] = []
    /// Indices of `primaries`; nil for a slot without a node.
    private var owners = [Int?](repeating: nil, count: ClusterSlot.count)

    /// - Parameter reply: to `CLUSTER SLOTS`.
    /// - Parameter asked: the node that answered, which may not know its own address.
    init(_ reply: Reply, asked: StoreURL.Location) throws(StoreFailure) {
        guard case .array(let ranges) = reply else { throw StoreFailure(unexpected: reply) }
        for range in ranges {
            guard case .array(let parts) = range, parts.count > 2, case .integer(let first) = parts[0],
                case .integer(let last) = parts[1], first >= 0, first <= last, last < Int64(ClusterSlot.count),
                case .array(let primary) = parts[2], primary.count > 1, case .integer(let port) = primary[1],
                (1...65_535).contains(port)
            else { throw .unexpectedReply }
            let location = asked.neighbour(host: try primary[0].value(), port: Int(port))
            let index = index(of: location)
            guard primaries.count <= ClusterNodes.maximumNodes else { throw .tooManyNodes }
            for slot in Int(first)...Int(last) { owners[slot] = index }
        }
    }

    subscript(slot: Int) -> StoreURL.Location? { owners[slot].map { primaries[$0] } }

    /// One of the slots of a node.
    /// - Parameter number: the index of the slot, modulo their number.
    /// - Returns: nil if the node has none but `slot`.
    func slot(of location: StoreURL.Location, besides slot: Int, number: Int) -> Int? {
        guard let index = primaries.firstIndex(of: location) else { return nil }
        let others = owners.indices.filter { owners[$0] == index && $0 != slot }
        return others.isEmpty ? nil : others[number % others.count]
    }

    /// Notes that a slot has moved.
    mutating func move(_ slot: Int, to location: StoreURL.Location) {
        owners[slot] = index(of: location)
    }

    private mutating func index(of location: StoreURL.Location) -> Int {
        if let index = primaries.firstIndex(of: location) { return index }
        primaries.append(location)
        return primaries.count - 1
    }
}

extension StoreFailure {
    /// No cluster is that large (Redis Cluster specification).
    static let tooManyNodes = StoreFailure(
        .storeError, "the cluster names more than \(ClusterNodes.maximumNodes) nodes: look at CLUSTER SLOTS")
}

extension StoreURL.Location {
    /// The address of a node that this one names. Without a host it has this one's.
    func neighbour(host: [UInt8]?, port: Int) -> StoreURL.Location {
        let name = host.map { String(decoding: $0, as: UTF8.self) } ?? ""
        if name.isEmpty || name == "?", case .tcp(let own, _) = self { return .tcp(host: own, port: port) }
        return .tcp(host: name, port: port)
    }
}

/// A redirection by a node of a cluster.
enum ClusterRedirection: Sendable, Equatable {
    /// For good.
    case moved(slot: Int, StoreURL.Location)
    /// For this command: the slot migrates.
    case ask(StoreURL.Location)
    /// The slot migrates, and the node does not have all keys of the command.
    case tryAgain

    /// - Parameter asked: the node that answered.
    /// - Returns: nil for any other reply.
    init?(_ reply: Reply, asked: StoreURL.Location) {
        guard case .error(let text) = reply else { return nil }
        let words = String(decoding: text, as: UTF8.self).split(separator: " ")
        if words.first == "TRYAGAIN" {
            self = .tryAgain
            return
        }
        guard words.count >= 3, let slot = Int(words[1]), (0..<ClusterSlot.count).contains(slot),
            let colon = words[2].lastIndex(of: ":"), let port = Int(words[2][words[2].index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        let location = asked.neighbour(host: Array(words[2][..<colon].utf8), port: port)
        switch words[0] {
        case "MOVED": self = .moved(slot: slot, location)
        case "ASK": self = .ask(location)
        default: return nil
        }
    }
}
