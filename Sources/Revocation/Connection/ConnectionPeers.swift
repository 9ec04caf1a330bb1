import Synchronization

/// The connections to one store. Each waits longer from attempt to attempt while the store is away; once one of them is
/// back, the others connect at once. Otherwise a node would answer checks again, and fail log-outs for seconds.
final class ConnectionPeers: Sendable {
    private struct Peer {
        weak var connection: StoreConnection?
    }

    private let peers = Mutex<[Peer]>([])

    func add(_ connection: StoreConnection) {
        peers.withLock { $0.append(Peer(connection: connection)) }
    }

    /// A connection was made. The others learn of it before any call is answered on this one.
    func isBack(_ connection: StoreConnection) {
        let others = peers.withLock { $0.compactMap(\.connection) }
        for other in others where other !== connection { other.storeIsBack() }
    }
}
