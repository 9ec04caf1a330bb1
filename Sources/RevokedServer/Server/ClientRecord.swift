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
    /// Index into the command table; -1 before the first.
    let lastCommand = Atomic(-1)
    let details = Mutex(Details())
    private let ending: @Sendable () -> Void

    struct Details: Sendable {
        var name: [UInt8] = []
        var libraryName: [UInt8] = []
        var libraryVersion: [UInt8] = []
        var user = User.nobody
        var version = 2
        var isExemptFromEviction = false
    }

    /// - Parameter ending: closes the connection from any thread.
    init(
        id: Int64, address: String, localAddress: String, connectedAt: Int64, ending: @escaping @Sendable () -> Void
    ) {
        self.id = id
        self.address = address
        self.localAddress = localAddress
        self.connectedAt = connectedAt
        self.ending = ending
        lastInteraction = Atomic(connectedAt)
    }

    func end() { ending() }
}

/// The connections of the daemon.
final class ClientRegistry: Sendable {
    private let records = Mutex([Int64: ClientRecord]())
    private let nextID = Atomic<Int64>(1)
    let maximum: Atomic<Int>

    init(maximum: Int) { self.maximum = Atomic(maximum) }

    var count: Int { records.withLock { $0.count } }

    /// All of them, oldest first.
    var all: [ClientRecord] { records.withLock { Array($0.values) }.sorted { $0.id < $1.id } }

    func newID() -> Int64 { nextID.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// - Returns: false if there are too many.
    func add(_ record: ClientRecord) -> Bool {
        records.withLock {
            guard $0.count < maximum.load(ordering: .relaxed) else { return false }
            $0[record.id] = record
            return true
        }
    }

    func remove(_ id: Int64) { _ = records.withLock { $0.removeValue(forKey: id) } }
}
