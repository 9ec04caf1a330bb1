import RESP

/// Which clients may have which keys in their memory, and which prefixes they want to hear of.
struct TrackingTable {
    /// What one client asked for (`CLIENT TRACKING`).
    struct Options: Sendable, Equatable {
        /// Keys with these prefixes are told of, whether it has read them or not.
        var isBroadcast = false
        var isOptIn = false
        var isOptOut = false
        /// What it changes itself is not told.
        var ignoresOwn = false
        /// The client that is told in its place; 0 for none.
        var redirect: Int64 = 0
        var prefixes: [[UInt8]] = []

        /// Those that it is told by. Any key begins with an empty one: with that, a key is not told of twice.
        fileprivate var heardPrefixes: [[UInt8]] { prefixes.contains([]) ? [[]] : prefixes }

        /// Whether it is told itself, and of all changes.
        fileprivate var isTold: Bool { redirect == 0 && !ignoresOwn }
    }

    struct Tracker {
        let client: ClientRecord
        var options: Options
    }

    /// Those who hear of the keys with one prefix.
    private struct Listeners {
        /// Those who are told of all changes.
        var audience = Audience()
        /// Those who are not told of their own, or have another client told: each is looked at.
        var particular: Set<Int64> = []

        var isEmpty: Bool { audience.count == 0 && particular.isEmpty }

        mutating func add(_ tracker: Tracker) {
            if tracker.options.isTold { audience.add(tracker.client) } else { particular.insert(tracker.client.id) }
        }

        mutating func remove(_ tracker: Tracker) {
            if tracker.options.isTold { audience.remove(tracker.client) } else { particular.remove(tracker.client.id) }
        }
    }

    private(set) var trackers: [Int64: Tracker] = [:]
    private var keys: [[UInt8]: Set<Int64>] = [:]
    /// The keys in the order in which they were first read, those that were forgotten since included.
    private var order: [[UInt8]] = []
    /// The place in ``order`` of the first one that may have to be forgotten next.
    private var oldest = 0
    private var prefixes: [[UInt8]: Listeners] = [:]
    /// The keys of ``prefixes``, to find those of a key.
    private var prefixSet = PrefixSet()
    /// What the prefixes of all clients take, in bytes, about.
    private(set) var prefixBytes = 0
    /// The keys that changed since the last ``takeBroadcasts()``, by the prefixes that they begin with.
    private var changed: [[UInt8]: ChangedKeys] = [:]
    /// What ``changed`` holds, in bytes, about.
    private(set) var changedBytes = 0
    private(set) var items = 0
    /// What keys and items take, about.
    private(set) var bytes = 0

    var keyCount: Int { keys.count }
    var prefixCount: Int { prefixes.count }
    var isEmpty: Bool { trackers.isEmpty }

    // MARK: Clients

    mutating func track(_ client: ClientRecord, _ options: Options) {
        var options = options
        if let before = trackers[client.id] {
            if options.isBroadcast {
                let added = options.prefixes.filter { !before.options.prefixes.contains($0) }
                options.prefixes = before.options.prefixes + added
            }
            stopListening(before)
        }
        // As Redis lists them.
        options.prefixes.sort { $0.lexicographicallyPrecedes($1) }
        let tracker = Tracker(client: client, options: options)
        trackers[client.id] = tracker
        for prefix in options.heardPrefixes {
            if prefixes[prefix] == nil { prefixSet.insert(prefix) }
            prefixes[prefix, default: Listeners()].add(tracker)
        }
        prefixBytes += Self.cost(of: options)
    }

    /// What one prefix of one client takes, in bytes, about, where it is the only one to hear of it: it stands in three
    /// tables, and its audience is three more.
    static func cost(ofPrefix prefix: [UInt8]) -> Int { 512 + 3 * prefix.count }

    private static func cost(of options: Options) -> Int {
        options.prefixes.reduce(0) { $0 + cost(ofPrefix: $1) }
    }

    /// What it has read is forgotten when it changes.
    mutating func remove(_ client: Int64) {
        guard let tracker = trackers.removeValue(forKey: client) else { return }
        stopListening(tracker)
        guard trackers.isEmpty else { return }
        forgetAll()
    }

    private mutating func stopListening(_ tracker: Tracker) {
        prefixBytes -= Self.cost(of: tracker.options)
        for prefix in tracker.options.heardPrefixes {
            prefixes[prefix]?.remove(tracker)
            if prefixes[prefix]?.isEmpty == true {
                prefixes[prefix] = nil
                prefixSet.remove(prefix)
            }
        }
    }

    // MARK: Keys

    private static let keyCost = 160
    private static let itemCost = 24

    /// The client has read the key.
    mutating func remember(_ key: [UInt8], _ client: Int64) {
        if keys[key] == nil {
            keys[key] = [client]
            append(key)
            bytes += key.count + Self.keyCost + Self.itemCost
            items += 1
        } else if keys[key]?.insert(client).inserted == true {
            bytes += Self.itemCost
            items += 1
        }
    }

    /// Forgets a key.
    /// - Returns: those who had read it.
    mutating func forget(_ key: [UInt8]) -> Set<Int64> {
        guard let clients = keys.removeValue(forKey: key) else { return [] }
        items -= clients.count
        bytes -= key.count + Self.keyCost + clients.count * Self.itemCost
        return clients
    }

    mutating func forgetAll() { (keys, items, bytes, order, oldest) = ([:], 0, 0, [], 0) }

    /// A key that has to be forgotten, so that others find room: about the one that was first read before all others.
    mutating func nextVictim() -> [UInt8]? {
        while oldest < order.count {
            defer { oldest += 1 }
            if keys[order[oldest]] != nil { return order[oldest] }
        }
        return nil
    }

    /// Notes a new key. Half of the places may be of keys that were forgotten; then they are made anew, in any order.
    private mutating func append(_ key: [UInt8]) {
        if order.count > 1024, order.count >= 2 * keys.count {
            (order, oldest) = (Array(keys.keys), 0)
            return
        }
        order.append(key)
    }

    // MARK: Broadcasts

    /// The changed keys of one prefix, and who changed each.
    struct ChangedKeys {
        fileprivate(set) var keys: [[UInt8]] = []
        fileprivate var writers: [[UInt8]: Int64] = [:]

        /// The keys that a client is told of.
        func keys(for tracker: Tracker) -> [[UInt8]] {
            guard tracker.options.ignoresOwn else { return keys }
            return keys.filter { writers[$0] != tracker.client.id }
        }
    }

    /// Notes a key that has changed for those who hear of keys like this one.
    /// - Parameter writer: who changed it; 0: no connection.
    mutating func noteChange(of key: [UInt8], by writer: Int64) {
        for length in prefixSet.lengths(in: key) {
            let prefix = Array(key[..<length])
            if let before = changed[prefix]?.writers[key] {
                // Of several writers none is left out.
                if before != writer { changed[prefix]?.writers[key] = 0 }
            } else {
                changed[prefix, default: ChangedKeys()].keys.append(key)
                changed[prefix]?.writers[key] = writer
                changedBytes += 2 * key.count + Self.keyCost
            }
        }
    }

    /// The changed keys of one prefix, and those who hear of them: of all, or of those that they did not change.
    typealias Broadcast = (keys: ChangedKeys, audience: Audience, particular: [Tracker])

    /// What has changed since the last time. It is forgotten.
    mutating func takeBroadcasts() -> [Broadcast] {
        defer { (changed, changedBytes) = ([:], 0) }
        return changed.compactMap { prefix, keys in
            guard let listeners = prefixes[prefix] else { return nil }
            return (keys, listeners.audience, listeners.particular.compactMap { trackers[$0] })
        }
    }
}
