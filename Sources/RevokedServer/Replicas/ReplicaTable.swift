/// The replicas and followers that are connected.
struct ReplicaTable {
    /// In the order in which they came.
    private(set) var all: [Replica] = []
    /// Another whenever one has come or gone.
    private(set) var version = 0
    /// By the numbers of their clients.
    private var byClient: [Int64: Replica] = [:]
    /// Followers by the buckets of their names, which are compared in constant time.
    private var byName: [Int: [Replica]] = [:]

    subscript(client: ClientRecord) -> Replica? { byClient[client.id] }

    func find(_ name: FollowerName) -> Replica? {
        byName[name.bucket]?.first { $0.follower?.matches(name) == true }
    }

    mutating func append(_ replica: Replica) {
        version += 1
        all.append(replica)
        byClient[replica.client.id] = replica
        if let name = replica.follower { byName[name.bucket, default: []].append(replica) }
    }

    /// - Returns: false if it was not there.
    mutating func remove(_ replica: Replica) -> Bool {
        guard let index = all.firstIndex(where: { $0 === replica }) else { return false }
        version += 1
        all.remove(at: index)
        byClient[replica.client.id] = nil
        if let bucket = replica.follower?.bucket {
            let others = byName[bucket]?.filter { $0 !== replica } ?? []
            byName[bucket] = others.isEmpty ? nil : others
        }
        return true
    }
}
