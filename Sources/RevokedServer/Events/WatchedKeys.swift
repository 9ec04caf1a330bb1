import RESP
import Synchronization

/// The keys that connections watch, and who watches each.
struct WatchedKeys: Sendable {
    /// A key with its database.
    struct Key: Hashable, Sendable {
        let database: Int
        let bytes: [UInt8]

        init(_ key: RawSpan, database: Int) {
            self.database = database
            bytes = key.withUnsafeBytes(Array.init)
        }
    }

    /// The clients by their numbers.
    private var watchers: [Key: [Int64: ClientRecord]] = [:]

    var isEmpty: Bool { watchers.isEmpty }

    /// A key that the client watches already is watched once.
    mutating func add(_ key: Key, _ client: ClientRecord) {
        watchers[key, default: [:]][client.id] = client
    }

    mutating func remove(_ key: Key, _ client: ClientRecord) {
        watchers[key]?[client.id] = nil
        if watchers[key]?.isEmpty == true { watchers[key] = nil }
    }

    /// Marks all who watch the key.
    func touch(_ key: Key) {
        for client in watchers[key, default: [:]].values { client.hasSeenChange.store(true, ordering: .releasing) }
    }

    func touchAll(where isTouched: (Key) -> Bool) {
        for key in watchers.keys where isTouched(key) { touch(key) }
    }
}

extension KeyObservers {
    /// From now on a change of the key sets ``ClientRecord/hasSeenChange``, until ``unwatch(_:_:)``. Comes before the
    /// client reads the key.
    func watch(_ key: WatchedKeys.Key, _ client: ClientRecord) {
        watched.withLock {
            $0.add(key, client)
            set(.watches, true)
        }
    }

    /// The client watches none of these keys any more.
    func unwatch(_ keys: some Sequence<WatchedKeys.Key>, _ client: ClientRecord) {
        watched.withLock { watched in
            for key in keys { watched.remove(key, client) }
            if watched.isEmpty { set(.watches, false) }
        }
    }
}
