import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The nodes of a cluster, their connections, and which node has which slot.
final class ClusterNodes: Sendable {
    /// The most nodes of a cluster (Redis Cluster specification). Bounds what a faulty node can name.
    static let maximumNodes = 1_000
    /// The shortest time between two searches while redirections or failures occur.
    private static let refreshInterval = Duration.milliseconds(100)
    /// How long a topology is used without a redirection. A node that was taken out of the cluster need not know it.
    private static let topologyLifetime = Duration.seconds(60)
    /// How long an unused node without slots is kept. A new node has none while its first slot migrates.
    private static let idleTime = Duration.seconds(10)

    /// The connections to one node: checks do not wait behind writes.
    struct Node: Sendable {
        let checks: StoreConnection
        let writes: StoreConnection

        fileprivate func close() {
            _ = checks.close()
            _ = writes.close()
        }
    }

    private struct KnownNode {
        let node: Node
        var usedAt: ContinuousClock.Instant
    }

    private struct State {
        var topology: ClusterTopology?
        var askedAt: ContinuousClock.Instant?
        var nodes: [StoreURL.Location: KnownNode] = [:]
        var refresh: Task<Result<ClusterTopology, StoreFailure>, Never>?
        var refreshes = Throttle(every: ClusterNodes.refreshInterval)
        var isClosed = false

        func isCurrent(_ location: StoreURL.Location, now: ContinuousClock.Instant) -> Bool {
            if topology?.primaries.contains(location) == true { return true }
            return nodes[location].map { now - $0.usedAt < ClusterNodes.idleTime } ?? false
        }
    }

    /// How long a command may take.
    var commandTimeout: TimeAmount { TimeAmount(configuration.commandTimeout) }

    private let seeds: [StoreURL.Location]
    private let access: StoreURL.Access
    let encryption: StoreEncryption?
    private let configuration: RevocationConfiguration
    private let logger: Logger
    private let state = Mutex(State())
    private let written = Atomic(false)

    init(
        _ seeds: [StoreURL.Location], access: StoreURL.Access, encryption: StoreEncryption?,
        configuration: RevocationConfiguration, logger: Logger
    ) {
        self.seeds = seeds
        self.access = access
        self.encryption = encryption
        self.configuration = configuration
        self.logger = logger
    }

    deinit {
        for known in state.withLock({ $0.nodes.values }) { known.node.close() }
    }

    /// The present topology. The first call searches for it.
    func topology() async throws(StoreFailure) -> ClusterTopology {
        let now = configuration.bootClock()
        let (topology, isOld) = state.withLock { state in
            (state.topology, state.askedAt.map { now - $0 > Self.topologyLifetime } ?? true)
        }
        guard let topology else { return try await refresh() }
        if isOld { refreshSoon() }
        return topology
    }

    /// Whether anything was ever sent on a connection for writes.
    var haveWritten: Bool { written.load(ordering: .relaxed) }

    func noteWrite() { written.store(true, ordering: .relaxed) }

    func node(at location: StoreURL.Location) throws(StoreFailure) -> Node {
        let now = configuration.bootClock()
        return try state.withLock { state throws(StoreFailure) in
            guard !state.isClosed else { throw .closed }
            state.nodes[location]?.usedAt = now
            if let known = state.nodes[location] { return known.node }
            guard state.nodes.count < Self.maximumNodes else { throw .tooManyNodes }
            let node = makeNode(location)
            state.nodes[location] = KnownNode(node: node, usedAt: now)
            return node
        }
    }

    /// The status of each connected node.
    var statuses: [StoreStatus] {
        let now = configuration.bootClock()
        return state.withLock { state in
            state.nodes.filter { state.isCurrent($0.key, now: now) }.values
                .flatMap { [$0.node.checks, $0.node.writes].compactMap(\.presentStatus) }
        }
    }

    /// The nodes with connections.
    var locations: Set<StoreURL.Location> { state.withLock { Set($0.nodes.keys) } }

    func moved(_ slot: Int, to location: StoreURL.Location) {
        state.withLock { $0.topology?.move(slot, to: location) }
        refreshSoon()
    }

    /// Searches for the topology again in the background, at most every ``refreshInterval``.
    func refreshSoon() {
        let now = configuration.bootClock()
        let isDue = state.withLock { !$0.isClosed && $0.refreshes.admits(now: now) }
        if isDue { Task { _ = try? await refresh() } }
    }

    func close() async {
        let nodes = state.withLock { state in
            state.isClosed = true
            return state.nodes.values.map(\.node)
        }
        for node in nodes {
            try? await node.checks.close().get()
            try? await node.writes.close().get()
        }
    }

    private func makeNode(_ location: StoreURL.Location) -> Node {
        let watch = StoreMonitor(logger, .fixed(location))
        var connections = StoreConnection.Configuration(
            address: .fixed(location), access: access, encryption: encryption, configuration: configuration,
            report: { watch.see($0) })
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let writes = StoreConnection(loop: loop, configuration: connections)
        connections.purpose = .check
        return Node(checks: StoreConnection(loop: loop, configuration: connections), writes: writes)
    }

    // MARK: Asking who has what

    /// One search at a time, shared by all callers.
    private func refresh() async throws(StoreFailure) -> ClusterTopology {
        let task = state.withLock { state in
            if let task = state.refresh { return task }
            let search = ClusterSearch(
                (state.topology?.primaries ?? []).shuffled() + seeds, access: access, encryption: encryption,
                timeout: TimeAmount(configuration.connectTimeout))
            let task = Task { [weak self] in
                let result = await search.run()
                self?.learn(result)
                return result
            }
            state.refresh = task
            return task
        }
        return try await task.value.get()
    }

    private func learn(_ result: Result<ClusterTopology, StoreFailure>) {
        let now = configuration.bootClock()
        let gone = state.withLock { state -> [Node] in
            state.refresh = nil
            guard case .success(let topology) = result else { return [] }
            state.topology = topology
            state.askedAt = now
            return state.nodes.keys.filter { !state.isCurrent($0, now: now) }
                .compactMap { state.nodes.removeValue(forKey: $0)?.node }
        }
        for node in gone { node.close() }
    }
}
