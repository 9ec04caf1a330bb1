import Persistence

/// The feeds of all replicas. Used by the replicas' thread alone.
struct ReplicaFeeds {
    private let daemon: Daemon
    private let log: AppendLog
    private var feeds: [(id: Int64, feed: ReplicaFeed)] = []
    /// ``ReplicaTable/version`` that they are for.
    private var version = 0
    /// Where the log stood when each had everything; nil if one had not.
    private var rest: FeedingTurn.Place?

    init(_ daemon: Daemon, _ log: AppendLog) { (self.daemon, self.log) = (daemon, log) }

    /// Posts to each what comes next.
    /// - Parameter pause: called between two of them.
    /// - Returns: whether more waits, for what was posted to leave.
    mutating func step(_ replicas: ReplicaTable, _ pause: () -> Void) -> Bool {
        var turn = FeedingTurn(log, free: daemon.mail.free)
        if version != replicas.version {
            let known = Dictionary(uniqueKeysWithValues: feeds.map { ($0.id, $0.feed) })
            feeds = replicas.all.map { ($0.client.id, known[$0.client.id] ?? ReplicaFeed($0, daemon, log)) }
            (version, rest) = (replicas.version, nil)
        }
        guard turn.place != rest else { return false }
        var isBusy = false
        // Those that hold leases first: they are to blame for what waits, and others may copy for long.
        for isLive in [true, false] {
            for (_, feed) in feeds where feed.isLive == isLive {
                if feed.step(&turn) { isBusy = true }
                pause()
            }
            turn.post()
        }
        rest = isBusy ? nil : turn.place
        return isBusy
    }
}
