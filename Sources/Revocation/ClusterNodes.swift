import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The nodes of a cluster, with connections of their own, and which of them has which slot.
final class ClusterNodes: Sendable {
    /// How often a cluster in trouble is asked again who has what.
    private static let refreshInterval = Duration.milliseconds(100)

    /// The connections to one node: checks do not wait behind writes.
    struct Node: Sendable {
        let checks: StoreConnection
        let writes: StoreConnection
    }

    private struct State {
        var topology: ClusterTopology?
        var nodes: [StoreURL.Location: Node] = [:]
        var refresh: Task<Result<ClusterTopology, StoreFailure>, Never>?
        var refreshes = Throttle(every: ClusterNodes.refreshInterval)
        var isClosed = false
    }

    private let seeds: [StoreURL.Location]
    private let access: StoreURL.Access
    private let encryption: StoreEncryption?
    private let configuration: RevocationConfiguration
    private let logger: Logger
    private let state = Mutex(State())

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
        for node in state.withLock({ $0.nodes.values }) {
            _ = node.checks.close()
            _ = node.writes.close()
        }
    }

    /// Who has what, as far as known; asked for at first.
    func topology() async throws(StoreFailure) -> ClusterTopology {
        if let topology = state.withLock({ $0.topology }) { return topology }
        return try await refresh()
    }

    func node(at location: StoreURL.Location) throws(StoreFailure) -> Node {
        let node = state.withLock { state -> Node? in
            guard !state.isClosed else { return nil }
            if let node = state.nodes[location] { return node }
            let node = makeNode(location)
            state.nodes[location] = node
            return node
        }
        guard let node else { throw .closed }
        return node
    }

    /// What is known of the nodes so far.
    var conditions: [StoreCondition] {
        state.withLock { $0.nodes.values.flatMap { [$0.checks, $0.writes].compactMap(\.presentCondition) } }
    }

    func moved(_ slot: Int, to location: StoreURL.Location) {
        state.withLock { $0.topology?.move(slot, to: location) }
        doubt()
    }

    /// Something is not where it was: asks again, beside the calls and not for each of them.
    func doubt() {
        let isDue = state.withLock { !$0.isClosed && $0.refreshes.admits(now: .now) }
        if isDue { Task { _ = try? await refresh() } }
    }

    func close() async {
        let nodes = state.withLock { state in
            state.isClosed = true
            return Array(state.nodes.values)
        }
        for node in nodes {
            try? await node.checks.close().get()
            try? await node.writes.close().get()
        }
    }

    private func makeNode(_ location: StoreURL.Location) -> Node {
        let watch = StoreWatch(logger, .fixed(location))
        let options = StoreConnection.Options(
            address: .fixed(location), access: access, encryption: encryption, configuration: configuration,
            report: { watch.see($0) })
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        return Node(
            checks: StoreConnection(loop: loop, options: options),
            writes: StoreConnection(loop: loop, options: options))
    }

    // MARK: Asking who has what

    /// One question at a time, for all who want to know.
    private func refresh() async throws(StoreFailure) -> ClusterTopology {
        let task = state.withLock { state in
            if let task = state.refresh { return task }
            let candidates = (state.topology?.primaries ?? []) + seeds
            let task = Task { await ask(candidates) }
            state.refresh = task
            return task
        }
        return try await task.value.get()
    }

    private func ask(_ candidates: [StoreURL.Location]) async -> Result<ClusterTopology, StoreFailure> {
        var result = Result<ClusterTopology, StoreFailure>.failure(
            StoreFailure(.unreachable, "no node of the cluster can be reached"))
        for candidate in candidates {
            do {
                result = .success(try await ask(candidate))
                break
            } catch let failure as StoreFailure where failure.code != .unreachable {
                result = .failure(failure)
            } catch {
                continue
            }
        }
        state.withLock { state in
            if case .success(let topology) = result { state.topology = topology }
            state.refresh = nil
        }
        return result
    }

    private func ask(_ candidate: StoreURL.Location) async throws -> ClusterTopology {
        let timeout = TimeAmount(configuration.connectTimeout)
        let channel = try await StoreChannelHandler.connect(
            to: candidate, on: MultiThreadedEventLoopGroup.singleton.next(), encryption: encryption, timeout: timeout
        ).get()
        defer { channel.close(promise: nil) }
        let commands = Handshake.entrance(access) + [Command("CLUSTER", "SLOTS")]
        let replies = try await channel.eventLoop.flatSubmit {
            StoreChannelHandler.call(commands, on: channel, timeout: timeout)
        }.get()
        for reply in replies.dropLast() where reply != .ok { throw StoreFailure(unexpected: reply) }
        return try ClusterTopology(replies.last ?? .null, asked: candidate)
    }
}
