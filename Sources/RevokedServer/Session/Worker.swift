import Denylist
import RESP

/// What one reactor thread works with; every connection of the thread borrows it while it is served.
struct Worker: ~Copyable {
    let daemon: Daemon
    /// The replies of the connection that is being served.
    var reply: ReplyBuffer
    /// When the bytes that are being served were read.
    private(set) var moment: Moment
    /// The same in milliseconds of ``ServerClock/uptime()``.
    private(set) var uptime: Int64
    var counters = LocalCounters()

    init(_ daemon: Daemon) {
        self.daemon = daemon
        reply = ReplyBuffer(limit: daemon.configuration.outputLimit)
        (moment, uptime) = daemon.clock.read()
    }

    /// Takes the time for what is served next.
    mutating func readClock() { (moment, uptime) = daemon.clock.read() }

    var denylist: Denylist { daemon.denylist }
}
