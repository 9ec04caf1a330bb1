/// What a connection can subscribe to.
struct Subscription: Hashable, Sendable {
    enum Kind: Int, Sendable, CaseIterable {
        case channel, pattern
        /// A channel of its own kind, which Redis Cluster keeps on one shard.
        case shardChannel
    }

    let kind: Kind
    let name: [UInt8]
}

/// The subscriptions of one connection.
struct Subscriptions {
    private var names = [Set<[UInt8]>](repeating: [], count: Subscription.Kind.allCases.count)

    var isEmpty: Bool { names.allSatisfy(\.isEmpty) }
    var all: [Subscription] {
        Subscription.Kind.allCases.flatMap { kind in self[kind].map { Subscription(kind: kind, name: $0) } }
    }
    var total: Int { names.reduce(0) { $0 + $1.count } }

    subscript(kind: Subscription.Kind) -> Set<[UInt8]> { names[kind.rawValue] }

    func contains(_ subscription: Subscription) -> Bool {
        names[subscription.kind.rawValue].contains(subscription.name)
    }

    /// - Returns: false if it is there already.
    mutating func insert(_ subscription: Subscription) -> Bool {
        names[subscription.kind.rawValue].insert(subscription.name).inserted
    }

    /// - Returns: false if it is not there.
    mutating func remove(_ subscription: Subscription) -> Bool {
        names[subscription.kind.rawValue].remove(subscription.name) != nil
    }

    /// The number that a reply tells: shard channels are counted apart.
    func count(beside kind: Subscription.Kind) -> Int {
        kind == .shardChannel ? self[.shardChannel].count : self[.channel].count + self[.pattern].count
    }
}
