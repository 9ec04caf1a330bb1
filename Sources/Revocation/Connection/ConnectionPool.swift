import NIOCore
import Synchronization

/// Connections for one purpose, one for each event loop in use.
final class ConnectionPool: Sendable {
    private let connections: [StoreConnection]
    private let turn = Atomic(0)
    private let wasUsed = Atomic(false)
    private let isClosed = Atomic(false)

    init(_ connections: [StoreConnection]) {
        precondition(!connections.isEmpty, "a pool has at least one connection")
        self.connections = connections
    }

    /// The connection of the caller's event loop, if it runs on one of the pool's; otherwise the next in turn.
    func connection() -> StoreConnection {
        if !wasUsed.load(ordering: .relaxed) { wasUsed.store(true, ordering: .relaxed) }
        guard connections.count > 1 else { return connections[0] }
        if let own = connections.first(where: { $0.loop.inEventLoop }) { return own }
        let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return connections[Int(UInt(bitPattern: turn) % UInt(connections.count))]
    }

    /// The status of each connected store.
    var statuses: [StoreStatus] { connections.compactMap(\.presentStatus) }

    /// Whether a connection was ever handed out.
    var isInUse: Bool { wasUsed.load(ordering: .relaxed) }

    /// Does nothing after ``close()``: the event loops may have ended by then.
    func closeSoon() {
        guard !isClosed.load(ordering: .relaxed) else { return }
        for connection in connections { _ = connection.close() }
    }

    func close() async {
        for connection in connections { try? await connection.close().get() }
        isClosed.store(true, ordering: .relaxed)
    }
}
