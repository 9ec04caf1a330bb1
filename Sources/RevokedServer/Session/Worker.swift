import Denylist
import RESP

/// What one reactor thread works with; every connection of the thread borrows it while it is served.
struct Worker: ~Copyable {
    let daemon: Daemon
    /// The store, whose references nobody counts: the daemon keeps it alive.
    let denylist: Denylist.Keys
    /// The replies of the connection that is being served.
    var reply: ReplyBuffer
    /// When the bytes that are being served were read.
    private(set) var moment: Moment
    /// The same in milliseconds of ``ServerClock/uptime()``.
    private(set) var uptime: Int64
    var counters = LocalCounters()
    /// The hashes of the keys of the requests that are being served; their arguments' notes count them.
    private var hashes = Scratch<KeyHash>(capacity: 256)

    init(_ daemon: Daemon) {
        self.daemon = daemon
        denylist = daemon.denylist.keys
        reply = ReplyBuffer(limit: daemon.configuration.outputLimit)
        (moment, uptime) = daemon.clock.read()
    }

    /// Takes the time for what is served next.
    mutating func readClock() { (moment, uptime) = daemon.clock.read() }

    // MARK: Keys

    mutating func forgetHashes() { hashes.removeAll() }

    /// Hashes a key and asks for the memory where its entry is.
    /// - Returns: the note to find the hash by.
    mutating func prepare(_ key: RawSpan) -> Int {
        let hash = denylist.hash(of: key)
        denylist.prefetch(hash)
        hashes.append(hash)
        return hashes.count - 1
    }

    /// The hash of an argument, which must be one of its command's keys.
    func hash(_ index: Int, of arguments: borrowing Arguments) -> KeyHash { hashes[arguments.note(index)] }
}
