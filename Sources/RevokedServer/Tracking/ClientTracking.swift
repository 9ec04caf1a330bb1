import RESP
import Synchronization

/// Tells clients which of the keys that they remember have changed (Redis, "Client-side caching").
final class ClientTracking: Sendable {
    private let table = Mutex(TrackingTable())
    private let clients: ClientRegistry
    private let users: UserTable
    /// The state of ``UserTable`` in which all who hear of prefixes were found to be allowed to.
    private let checkedUsers = Atomic(0)
    private let observers: KeyObservers
    /// The most keys that are remembered; 0 is no limit but that of the memory.
    let maximumKeys: Atomic<Int>
    private let maximumBytes: @Sendable () -> Int
    /// Whether there are changes that those who hear of prefixes were not told of.
    private let hasBroadcasts = Atomic(false)
    /// Beyond so many bytes they are told at once.
    private static let broadcastAtOnce = 64 << 10

    init(
        _ clients: ClientRegistry, _ users: UserTable, _ observers: KeyObservers, maximumKeys: Int,
        maximumBytes: @escaping @Sendable () -> Int
    ) {
        self.clients = clients
        self.users = users
        self.observers = observers
        self.maximumKeys = Atomic(maximumKeys)
        self.maximumBytes = maximumBytes
    }

    struct Figures {
        var clients = 0
        var keys = 0
        var items = 0
        var prefixes = 0
    }

    var figures: Figures {
        table.withLock {
            Figures(clients: $0.trackers.count, keys: $0.keyCount, items: $0.items, prefixes: $0.prefixCount)
        }
    }

    enum Outcome {
        case tracks
        /// For the prefixes.
        case noRoom
        /// Its user may not read all keys.
        case mayNotListen
    }

    func track(_ client: ClientRecord, _ options: TrackingTable.Options) -> Outcome {
        table.withLock { table in
            // What has changed until now it hears of as it was.
            if table.trackers[client.id] != nil { tellListeners(&table) }
            // With the lock: whoever takes the right away from now on finds it among those who listen.
            guard !options.isBroadcast || mayListen(client) else { return .mayNotListen }
            let added = options.prefixes.reduce(0) { $0 + TrackingTable.cost(ofPrefix: $1) }
            guard added == 0 || table.prefixBytes + added <= maximumBytes() else { return .noRoom }
            redirect(from: table.trackers[client.id], to: options.redirect)
            table.track(client, options)
            observers.set(.tracking, true)
            return .tracks
        }
    }

    func end(_ client: Int64) {
        table.withLock { end(client, &$0) }
    }

    private func end(_ client: Int64, _ table: inout TrackingTable) {
        redirect(from: table.trackers[client], to: 0)
        table.remove(client)
        if table.isEmpty { observers.set(.tracking, false) }
    }

    /// Closes the connections of those who hear of prefixes and may not read all keys any more. They may send nothing
    /// for long, and have another client told (`REDIRECT`), which may be somebody else's.
    private func endWhoeverMayNotListen(_ table: inout TrackingTable) {
        let generation = users.generation.load(ordering: .acquiring)
        guard generation != checkedUsers.load(ordering: .relaxed) else { return }
        checkedUsers.store(generation, ordering: .relaxed)
        for tracker in Array(table.trackers.values) where tracker.options.isBroadcast {
            guard !mayListen(tracker.client) else { continue }
            end(tracker.client.id, &table)
            tracker.client.end()
        }
    }

    /// Whether a client may hear of every key.
    private func mayListen(_ client: ClientRecord) -> Bool {
        let (name, identity) = client.details.withLock { ($0.userName, $0.userIdentity) }
        guard let user = users.user(name) else { return false }
        return user.identity == identity && user.readsAllKeys
    }

    /// Counts how many take the client with this number as their target.
    private func redirect(from tracker: TrackingTable.Tracker?, to target: Int64) {
        let before = tracker?.options.redirect ?? 0
        guard before != target else { return }
        if before != 0 { clients.client(before)?.redirections.subtract(1, ordering: .relaxed) }
        if target != 0 { clients.client(target)?.redirections.add(1, ordering: .relaxed) }
    }

    func options(of client: Int64) -> TrackingTable.Options? { table.withLock { $0.trackers[client]?.options } }

    /// The client is about to read the key.
    func remember(_ key: RawSpan, _ client: Int64) {
        let key = key.withUnsafeBytes(Array.init)
        table.withLock { table in
            table.remember(key, client)
            makeRoom(&table)
        }
    }

    /// `tracking-table-max-keys`: what is beyond it is forgotten at once.
    func limit(keys: Int) {
        maximumKeys.store(keys, ordering: .relaxed)
        table.withLock { makeRoom(&$0) }
    }

    private func makeRoom(_ table: inout TrackingTable) {
        let most = maximumKeys.load(ordering: .relaxed)
        while most > 0 && table.keyCount > most || table.bytes > maximumBytes(), let victim = table.nextVictim() {
            forget(victim, by: 0, &table)
        }
    }

    /// Tells those who remember the key, and forgets that they do.
    private func forget(_ key: [UInt8], by writer: Int64, _ table: inout TrackingTable) {
        let readers = table.forget(key).compactMap { id -> TrackingTable.Tracker? in
            guard let tracker = table.trackers[id], !tracker.options.isBroadcast,
                !(tracker.options.ignoresOwn && writer == id)
            else { return nil }
            return tracker
        }
        if !readers.isEmpty { tell(readers, .invalidation(of: [key])) }
    }

    /// Tells those who remember the key at once, and notes it for those who hear of its prefix
    /// (``tellListeners()``).
    /// - Parameter client: who changed it; 0: no connection.
    func changed(_ key: RawSpan, by client: Int64) {
        table.withLock { table in
            let bytes = key.withUnsafeBytes(Array.init)
            forget(bytes, by: client, &table)
            table.noteChange(of: bytes, by: client)
            if table.changedBytes > Self.broadcastAtOnce { tellListeners(&table) }
            hasBroadcasts.store(table.changedBytes > 0, ordering: .relaxed)
        }
    }

    /// Tells a client that is not told of what it changes itself that a key has another value than it gave.
    func merged(_ key: RawSpan, by client: Int64) {
        table.withLock { table in
            endWhoeverMayNotListen(&table)
            guard let tracker = table.trackers[client], tracker.options.ignoresOwn else { return }
            let bytes = key.withUnsafeBytes(Array.init)
            let isHeard = !tracker.options.isBroadcast || tracker.options.prefixes.contains { bytes.starts(with: $0) }
            if isHeard { tell([tracker], .invalidation(of: [bytes])) }
        }
    }

    /// Tells those who hear of prefixes what has changed: all keys of a prefix in one message, as in Redis. Called when
    /// a thread has executed what one read brought.
    @inline(__always)
    func tellListeners() {
        if hasBroadcasts.load(ordering: .relaxed) { tellListenersNow() }
    }

    @inline(never)
    private func tellListenersNow() {
        table.withLock { table in
            tellListeners(&table)
            hasBroadcasts.store(false, ordering: .relaxed)
        }
    }

    private func tellListeners(_ table: inout TrackingTable) {
        endWhoeverMayNotListen(&table)
        for (changed, audience, particular) in table.takeBroadcasts() {
            let message = PushMessage.invalidation(of: changed.keys)
            audience.post(message, .speaksThree)
            var everywhere: [TrackingTable.Tracker] = []
            for tracker in particular {
                let keys = changed.keys(for: tracker)
                if keys.count == changed.keys.count {
                    everywhere.append(tracker)
                } else if !keys.isEmpty {
                    tell([tracker], .invalidation(of: keys))
                }
            }
            tell(everywhere, message)
        }
    }

    /// Tells all that everything is gone.
    func flushed() {
        table.withLock { table in
            tellListeners(&table)
            table.forgetAll()
            tell(table.trackers.values, .invalidation(of: nil))
        }
    }

    /// A change is told of under its shard's lock, or under all of them: thousands are told in one letter to each
    /// thread.
    private func tell(_ trackers: some Sequence<TrackingTable.Tracker>, _ message: PushMessage) {
        var (readers, targets): ([ClientRecord], [ClientRecord]) = ([], [])
        for tracker in trackers {
            let redirect = tracker.options.redirect
            if redirect == 0 {
                readers.append(tracker.client)
            } else if let target = clients.client(redirect), !target.isEnding.load(ordering: .acquiring) {
                targets.append(target)
            } else {
                tracker.client.details.withLock { $0.hasBrokenRedirect = true }
                Mailbox.post(PushMessage("tracking-redir-broken", redirect), to: [tracker.client], .speaksThree)
            }
        }
        Mailbox.post(message, to: readers, .speaksThree)
        Mailbox.post(message, to: targets, .hearsInvalidations)
    }
}

extension PushMessage {
    /// - Parameter keys: nil: all keys.
    fileprivate static func invalidation(of keys: [[UInt8]]?) -> PushMessage {
        let array = keys.map { keys in
            var bytes = Array("*\(keys.count)\r\n".utf8)
            for key in keys { bytes += Array("$\(key.count)\r\n".utf8) + key + Array("\r\n".utf8) }
            return bytes
        }
        return PushMessage(
            two: Array("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n".utf8)
                + (array ?? Array("$-1\r\n".utf8)),
            three: Array(">2\r\n$10\r\ninvalidate\r\n".utf8) + (array ?? Array("_\r\n".utf8)))
    }
}
