import Synchronization

/// A server that copies this one: the connection that it asked on, and how far it is.
final class Replica: Sendable {
    /// Where it wants to go on; nil for the whole table.
    struct Position: Sendable {
        /// ``LogStretch/id``.
        let stretch: String
        let offset: UInt64
    }

    struct Progress: Sendable {
        /// It has been sent the whole table, and now gets what is written.
        var isOnline: Bool { sent != nil }
        /// It has been sent all records up to here; nil until it has been sent the whole table, or goes on where it
        /// was.
        var sent: UInt64?
        /// What it has executed, as it says; and when it said so, in milliseconds of ``ServerClock/uptime()``.
        var acknowledged: UInt64 = 0
        var acknowledgedAt: Int64
    }

    let client: ClientRecord
    let start: Position?
    let progress: Mutex<Progress>
    /// Its own port, as it says.
    let port: Int
    /// Of a follower, which may ask for leases.
    let follower: FollowerName?
    /// What it calls itself.
    let name: String
    private let user: UserName

    init(
        _ client: ClientRecord, from start: Position?, port: Int, follower: FollowerName? = nil, at now: Int64
    ) {
        self.client = client
        self.start = start
        self.port = port
        self.follower = follower
        (name, user) = client.details.withLock { (String(decoding: $0.name, as: UTF8.self), $0.userName) }
        progress = Mutex(Progress(acknowledgedAt: now))
    }

    /// Its address without the port that it connects from.
    var host: String { String(client.address[..<(client.address.lastIndex(of: ":") ?? client.address.endIndex)]) }

    /// What is known again of a follower that comes back.
    var identity: String { name.isEmpty ? "at \(host)" : "\(name) at \(host)" }

    /// What a follower does not choose: its user and host.
    var origin: String { "\(user) at \(host)" }

    /// As the log calls it.
    var description: String { follower == nil ? "replica at \(host):\(port)" : "follower \(identity)" }
}
