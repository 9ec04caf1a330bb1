import NIOCore
import NIOPosix

/// Reads the topology of a cluster from the first node that answers.
///
/// Nodes are asked one after the other. After ``patience`` without an answer the next node is asked too. One deadline
/// covers the search.
///
/// `@unchecked Sendable`: everything mutable is touched on `loop` only.
final class ClusterSearch: @unchecked Sendable {
    /// How long to wait for a node before the next one is asked too.
    static let patience = TimeAmount.milliseconds(200)

    private let candidates: [StoreURL.Location]
    private let access: StoreURL.Access
    private let encryption: StoreEncryption?
    private let timeout: TimeAmount
    private let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let promise: EventLoopPromise<ClusterTopology>

    private var deadline = NIODeadline.distantFuture
    private var next = 0
    private var unanswered = 0
    private var isOver = false
    private var failure = StoreFailure(.unreachable, "no node of the cluster can be reached")

    /// - Parameter timeout: for all of them together.
    init(
        _ candidates: [StoreURL.Location], access: StoreURL.Access, encryption: StoreEncryption?, timeout: TimeAmount
    ) {
        var seen: Set<StoreURL.Location> = []
        self.candidates = candidates.filter { seen.insert($0).inserted }
        self.access = access
        self.encryption = encryption
        self.timeout = timeout
        promise = loop.makePromise()
    }

    /// To be called once.
    func run() async -> Result<ClusterTopology, StoreFailure> {
        loop.execute { [self] in
            deadline = .now() + timeout
            let timer = loop.scheduleTask(deadline: deadline) { self.end(.failure(self.failure)) }
            promise.futureResult.whenComplete { _ in timer.cancel() }
            askNext()
        }
        do {
            return .success(try await promise.futureResult.get())
        } catch {
            return .failure(error as? StoreFailure ?? failure)
        }
    }

    private func askNext() {
        guard !isOver, next < candidates.count else { return }
        let candidate = candidates[next]
        next += 1
        unanswered += 1
        let number = next
        loop.scheduleTask(in: Self.patience) { [self] in if next == number { askNext() } }
        ask(candidate).whenComplete { [self] result in
            unanswered -= 1
            switch result {
            case .success(let topology): end(.success(topology))
            case .failure(let error):
                // An answer explains more than unreachable nodes.
                if let told = error as? StoreFailure, told.code != .unreachable { failure = told }
                askNext()
                if unanswered == 0 { end(.failure(failure)) }
            }
        }
    }

    private func end(_ result: Result<ClusterTopology, StoreFailure>) {
        guard !isOver else { return }
        isOver = true
        promise.completeWith(result.mapError { $0 as any Error })
    }

    private func ask(_ candidate: StoreURL.Location) -> EventLoopFuture<ClusterTopology> {
        let commands = Handshake.entrance(access) + [Command("CLUSTER", "INFO"), Command("CLUSTER", "SLOTS")]
        return StoreChannelHandler.connect(
            to: candidate, on: loop, encryption: encryption, timeout: remainingTime
        ).flatMap { [self] channel in
            StoreChannelHandler.call(commands, on: channel, timeout: remainingTime)
                .always { _ in channel.close(promise: nil) }
        }.flatMapThrowing { replies in
            for reply in replies.dropLast(2) where reply != .ok { throw StoreFailure(unexpected: reply) }
            // A node that is cut off from the others still answers with its last topology.
            if case .bulk(let information) = replies[replies.count - 2],
                String(decoding: information, as: UTF8.self).contains("cluster_state:fail")
            {
                throw StoreFailure(errorReply: Array("CLUSTERDOWN".utf8))
            }
            return try ClusterTopology(replies.last ?? .null, asked: candidate)
        }
    }

    private var remainingTime: TimeAmount { max(.milliseconds(1), deadline - .now()) }
}
