import Synchronization

/// What other connections may see of one, and how they end it.
final class ClientRecord: Sendable {
    let id: Int64
    /// `ip:port`, or the socket's path and `:0`.
    let address: String
    let localAddress: String
    /// Milliseconds of ``ServerClock/uptime()``.
    let connectedAt: Int64
    let lastInteraction: Atomic<Int64>
    /// The place of the command, or of its subcommand, in a ``CommandSet``; -1 before the first.
    let lastCommand = Atomic(-1)
    let database = Atomic(0)
    /// It has not authenticated, and has to.
    let mustAuthenticate = Atomic(false)
    /// How many commands its transaction has; -1 without one.
    let queuedCommands = Atomic(-1)
    let details = Mutex(Details())
    /// A key that it watches has changed (``KeyObservers/watch(_:_:)``).
    let hasSeenChange = Atomic(false)
    /// Of a replica: bytes that were posted to it and have not left.
    let unsent = Atomic(0)
    /// Another connection has ended it, or it has ended itself: nothing that it sends is executed any more, and no
    /// message goes to it.
    let isEnding = Atomic(false)
    /// Its connection is gone, or about to be.
    var hasEnded: Bool { isEnding.load(ordering: .relaxed) }
    /// A message for it found no room in its mailbox: it has to be closed, because it would go on without that.
    let lostMessages = Atomic(false)
    var hasLostMessages: Bool { lostMessages.load(ordering: .relaxed) }
    /// How many other connections' invalidations come here (`CLIENT TRACKING … REDIRECT`).
    let redirections = Atomic(0)
    private let ending: @Sendable () -> Void
    /// Of the thread that serves it.
    let mailbox: Mailbox
    /// Where that thread finds the connection.
    let place: Int
    /// Of its socket; 0 where the transport has its own name for it.
    var descriptor: Int { max(0, place) }

    struct Details: Sendable {
        var name: [UInt8] = []
        var libraryName: [UInt8] = []
        var libraryVersion: [UInt8] = []
        var userName = UserName.default
        /// ``User/identity``.
        var userIdentity: UInt64 = 0
        var version = 2
        var isExemptFromEviction = false
        /// How many there are of each ``Subscription/Kind``.
        var subscriptions = [0, 0, 0]
        /// What it wants to be told of (`CLIENT TRACKING`).
        var tracking: TrackingTable.Options?
        /// The client that is told in its place is gone.
        var hasBrokenRedirect = false
        var isMonitor = false
        var isReplica = false
        /// What it calls its stream (`REPLCONF follower`).
        var follower: FollowerName?
        var isPaused = false

        /// It has a reason to send nothing.
        var isListening: Bool { isMonitor || isReplica || isPaused || isSubscriber }
    }

    /// - Parameter ending: closes the connection from any thread.
    init(
        id: Int64, address: String, localAddress: String, connectedAt: Int64, _ mailbox: Mailbox, place: Int = -1,
        ending: @escaping @Sendable () -> Void
    ) {
        self.mailbox = mailbox
        self.place = place
        self.id = id
        self.address = address
        self.localAddress = localAddress
        self.connectedAt = connectedAt
        self.ending = ending
        lastInteraction = Atomic(connectedAt)
    }

    func end() {
        isEnding.store(true, ordering: .releasing)
        ending()
    }
}

/// The connections of the daemon, and which of them goes when there are too many.
final class ClientRegistry: Sendable {
    enum Admission {
        case added
        /// There was no room but this one's, which has to be closed.
        case addedInstead(of: ClientRecord)
        case refused
    }

    fileprivate struct State {
        var records: [Int64: ClientRecord] = [:]
        /// Those that had to authenticate when they came, oldest first; some may have, or be gone.
        var strangers: [ClientRecord] = []
        /// How many of those have been looked at.
        var strangersSeen = 0
        /// Some that had been idle for long, the longest one last.
        var idle: [ClientRecord] = []
        /// Nobody is looked for before this time.
        var nextSearch: Int64 = 0
    }

    private let state = Mutex(State())
    private let nextID = Atomic<Int64>(1)
    let maximum: Atomic<Int>

    /// In seconds; 0: idle connections stay.
    let idleTimeout: Atomic<Int>

    init(maximum: Int, idleTimeout: Int = 0) {
        self.maximum = Atomic(maximum)
        self.idleTimeout = Atomic(idleTimeout)
    }

    var count: Int { state.withLock { $0.records.count } }

    /// All of them, oldest first.
    var all: [ClientRecord] { state.withLock { Array($0.records.values) }.sorted { $0.id < $1.id } }

    func client(_ id: Int64) -> ClientRecord? { state.withLock { $0.records[id] } }

    func newID() -> Int64 { nextID.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// Adds a connection. Where there are too many already the oldest that has not authenticated makes room, or else
    /// the one that has been idle for longest: whoever only holds a place keeps nobody out.
    /// - Parameter now: milliseconds of ``ServerClock/uptime()``.
    func add(_ record: ClientRecord, at now: Int64) -> Admission {
        state.withLock { state in
            var victim: ClientRecord?
            if state.records.count >= maximum.load(ordering: .relaxed) {
                victim = state.takeStranger() ?? state.takeIdle(at: now)
                guard let victim else { return .refused }
                state.records[victim.id] = nil
            }
            state.records[record.id] = record
            if record.mustAuthenticate.load(ordering: .relaxed) { state.addStranger(record) }
            return victim.map { .addedInstead(of: $0) } ?? .added
        }
    }

    /// Those that have sent nothing for the time that idle ones may stay. As in Redis listeners and those that wait for
    /// a reply are not idle.
    func overdue(at now: Int64) -> [ClientRecord] {
        let timeout = Int64(idleTimeout.load(ordering: .relaxed)) * 1000
        guard timeout > 0 else { return [] }
        return state.withLock { state in
            state.records.values.filter {
                now - $0.lastInteraction.load(ordering: .relaxed) > timeout && !$0.details.withLock(\.isListening)
            }
        }
    }

    func remove(_ id: Int64) { _ = state.withLock { $0.records.removeValue(forKey: id) } }
}

extension ClientRegistry.State {
    /// A connection that was not used for so long is idle, in milliseconds.
    private static let idleTime: Int64 = 10_000
    /// Milliseconds between two walks over all connections.
    private static let searchInterval: Int64 = 1_000
    private static let idleKept = 64

    fileprivate mutating func addStranger(_ record: ClientRecord) {
        // Those that are gone are dropped when they are most.
        if strangers.count - strangersSeen > 2 * records.count + 64 {
            strangers = strangers[strangersSeen...].filter(isStranger)
            strangersSeen = 0
        }
        strangers.append(record)
    }

    private func isStranger(_ record: ClientRecord) -> Bool {
        records[record.id] === record && record.mustAuthenticate.load(ordering: .relaxed)
    }

    fileprivate mutating func takeStranger() -> ClientRecord? {
        while strangersSeen < strangers.count {
            let record = strangers[strangersSeen]
            strangersSeen += 1
            if strangersSeen > 1024, strangersSeen > strangers.count / 2 {
                strangers.removeFirst(strangersSeen)
                strangersSeen = 0
            }
            if isStranger(record) { return record }
        }
        return nil
    }

    fileprivate mutating func takeIdle(at now: Int64) -> ClientRecord? {
        if idle.isEmpty, now >= nextSearch {
            nextSearch = now + Self.searchInterval
            let found = records.values.map { ($0, $0.lastInteraction.load(ordering: .relaxed)) }
                .filter { now - $0.1 >= Self.idleTime }
            idle = found.sorted { $0.1 < $1.1 }.prefix(Self.idleKept).map(\.0).reversed()
        }
        while let record = idle.popLast() {
            let isIdle = now - record.lastInteraction.load(ordering: .relaxed) >= Self.idleTime
            if isIdle, records[record.id] === record { return record }
        }
        return nil
    }
}

extension Daemon {
    /// Takes a new connection.
    /// - Returns: false if there are too many.
    func admit(_ record: ClientRecord, _ counters: ThreadCounters) -> Bool {
        counters.add(to: .connections)
        let now = clock.uptime()
        switch clients.add(record, at: now) {
        case .added: return true
        case .refused:
            counters.add(to: .rejectedConnections)
            warn(of: .rejected, "refused \(record.address): there are maxclients connections, and none is idle")
            return false
        case .addedInstead(let victim):
            counters.add(to: .evictedConnections)
            let idle = (now - victim.lastInteraction.load(ordering: .relaxed)) / 1000
            let why =
                victim.mustAuthenticate.load(ordering: .relaxed)
                ? "it has not authenticated" : "it was idle for \(idle) s"
            warn(of: .evicted, "closing \(victim.address) to make room, for there are maxclients connections: \(why)")
            victim.end()
            return true
        }
    }
}
