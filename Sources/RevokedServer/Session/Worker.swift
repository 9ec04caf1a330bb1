import Denylist
import RESP

/// What one reactor thread works with; every connection of the thread borrows it while it is served.
struct Worker: ~Copyable {
    let daemon: Daemon
    /// The replies of the connection that is being served.
    var reply: ReplyBuffer
    /// When the bytes that are being served were read.
    var moment: Moment
    var counters = LocalCounters()

    init(_ daemon: Daemon) {
        self.daemon = daemon
        reply = ReplyBuffer(limit: daemon.configuration.outputLimit)
        moment = daemon.clock.now()
    }

    var denylist: Denylist { daemon.denylist }
}
