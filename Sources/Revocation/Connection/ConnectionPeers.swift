import Synchronization

/// The connections to one store. Each waits longer from attempt to attempt while the store is away; once one of them is
/// back, the others connect at once. Otherwise a node would answer checks again, and fail log-outs for seconds.
final class ConnectionPeers: Sendable {
    /// Held until they are closed. A weak reference would make each check slower: the connection's references would be
    /// counted in a table of their own.
    private let connections = Mutex<[StoreConnection]>([])

    func add(_ connection: StoreConnection) { connections.withLock { $0.append(connection) } }

    func remove(_ connection: StoreConnection) { connections.withLock { $0.removeAll { $0 === connection } } }

    /// A connection was made. The others learn of it before any call is answered on this one.
    func isBack(_ connection: StoreConnection) {
        let others = connections.withLock { $0 }
        for other in others where other !== connection { other.storeIsBack() }
    }
}
