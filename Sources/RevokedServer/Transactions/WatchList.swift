import Denylist
import RESP
import Synchronization

/// The keys that a connection watches.
struct WatchList {
    static let maximumKeys = 1 << 16
    /// What a key takes besides its bytes, roughly: here, and among the watched keys of all connections.
    private static let overhead = 256

    /// Whether each was there when the connection began to watch it.
    fileprivate private(set) var keys: [WatchedKeys.Key: Bool] = [:]
    /// The memory that they take, roughly.
    private(set) var bytes = 0

    /// A key that is watched already stays as it was.
    /// - Returns: false if that is one too many.
    fileprivate mutating func add(_ key: WatchedKeys.Key, isThere: Bool) -> Bool {
        guard keys[key] == nil else { return true }
        guard keys.count < Self.maximumKeys else { return false }
        keys[key] = isThere
        bytes += key.bytes.count + Self.overhead
        return true
    }
}

extension ClientSession {
    /// Watches the keys of `WATCH`.
    /// - Returns: false if they are too many; some are watched.
    mutating func watch(_ arguments: Arguments, _ context: borrowing ServingContext) -> Bool {
        // One change is enough.
        guard !client.hasSeenChange.load(ordering: .acquiring) else { return true }
        for index in 1..<arguments.count {
            let key = WatchedKeys.Key(arguments[index], database: context.classify(index, of: arguments).database)
            // It may change between the two, and counts as changed then.
            context.daemon.denylist.observers.watch(key, client)
            guard watched.add(key, isThere: context.contains(key)) else {
                context.daemon.denylist.observers.unwatch([key], client)
                return false
            }
        }
        return true
    }

    mutating func unwatch(_ daemon: Daemon) {
        guard !watched.keys.isEmpty else { return }
        daemon.denylist.observers.unwatch(watched.keys.keys, client)
        watched = WatchList()
        client.hasSeenChange.store(false, ordering: .relaxed)
    }

    /// Whether a watched key was changed, or has expired. Asked in the exclusive turn.
    func hasWatchedChange(_ context: borrowing ServingContext) -> Bool {
        if client.hasSeenChange.load(ordering: .acquiring) { return true }
        return watched.keys.contains { key, wasThere in wasThere && !context.contains(key) }
    }
}

extension ServingContext {
    fileprivate func contains(_ key: WatchedKeys.Key) -> Bool {
        let table = key.database == 0 ? denylist : denylist.database(key.database)
        let bytes = key.bytes.span.bytes
        return table?.contains(bytes, hash: denylist.hash(of: bytes), at: moment) ?? false
    }
}
