import Denylist
import Persistence
import PrometheusMetrics
import RESP
import Synchronization

/// What one reactor thread works with; every connection of the thread borrows it while it is served.
struct Worker: ~Copyable {
    let daemon: Daemon
    /// The store, whose references nobody counts: the daemon keeps it alive.
    let denylist: Denylist.Keys
    /// The store for writing: every change is appended to ``journal``.
    let writer: GuardedWriter
    let journal: Journal
    /// The replies to the connection that is being served.
    var reply: ReplyBuffer
    /// When the bytes that are being served were read.
    private(set) var moment: ClockReading
    /// The same in milliseconds of ``ServerClock/uptime()``.
    private(set) var uptime: Int64
    let counters: ThreadCounters
    let commands = CommandTable.shared
    /// Batches until one is timed.
    private var untimedBatches = 0
    /// Replies of ``reply`` that wait for the log.
    private(set) var holds: [ReplyQueue.Hold] = []
    /// The position of the log that the command being executed waits for; 0 if it has not written.
    private var awaited: UInt64 = 0
    /// What it waits for besides.
    private var awaitedLater: DeferredReply?
    /// Whether it has read the epoch.
    var hasReadEpoch = false

    init(_ daemon: Daemon) {
        self.daemon = daemon
        denylist = daemon.denylist.keys
        journal = daemon.journal
        writer = daemon.denylist.writer(journal)
        reply = ReplyBuffer(limit: daemon.configuration.outputLimit)
        counters = daemon.counters.add()
        (moment, uptime) = daemon.clock.read()
    }

    deinit { daemon.counters.retire(counters) }

    /// Takes the time for what is served next.
    mutating func readClock() { (moment, uptime) = daemon.clock.read() }

    /// Turns to a connection: takes the time, and forgets the replies to the one that was served before. What came
    /// before may have taken long, and a lifetime must not count from before its command was sent.
    mutating func turnToConnection() {
        readClock()
        reply.removeAll()
        holds.removeAll(keepingCapacity: true)
    }

    // MARK: Counting

    /// Counts a lookup.
    @inline(__always)
    func count(_ key: KeyHash, hit: Bool) {
        counters.add(to: .lookups(isGuarded: key.isGuarded, hit: hit))
    }

    /// Where times of batches are counted from. As durations they need no call to be passed around.
    private static let timingStart = ContinuousClock.now

    /// Called before what was read is executed.
    /// - Returns: the time, if this batch is one that is timed.
    mutating func beginTiming() -> Duration? {
        untimedBatches -= 1
        guard untimedBatches < 0 else { return nil }
        untimedBatches = ThreadCounters.timedBatches - 1
        return Self.timingStart.duration(to: .now)
    }

    func endTiming(_ start: Duration?) {
        if let start { counters.batches.record(Self.timingStart.duration(to: .now) - start) }
    }

    // MARK: Writing

    /// Whether a command that may write has to wait until the disk has taken some of what waits for it. Revocations
    /// find room where plain keys do not any more.
    func isLogFull(for arguments: borrowing Arguments) -> Bool {
        guard let queued = journal.disk?.queuedBytes, queued > Self.plainBacklogLimit else { return false }
        guard queued <= AppendLog.backlogLimit, arguments.count > 1 else { return true }
        return !denylist.isGuarded(arguments[1])
    }

    private static let plainBacklogLimit = AppendLog.backlogLimit / 4 * 3

    /// Whether connections with input that waits should not be read from, for it could only be kept.
    var isInputScarce: Bool {
        guard let queued = journal.disk?.queuedBytes, queued > Self.plainBacklogLimit else { return false }
        return daemon.counters.waitingInput.load(ordering: .relaxed) > Self.inputWhileLogIsFull
    }

    private static let inputWhileLogIsFull = 8 << 20

    /// The command being executed is answered when the log has acknowledged this position.
    mutating func wait(for position: UInt64) { awaited = max(awaited, position) }

    /// The command being executed is answered when another thread has done what it asks for.
    mutating func wait(for later: DeferredReply) { awaitedLater = later }

    /// Notes, at the end of a command whose reply begins at `start`, what that reply waits for.
    @inline(__always)
    mutating func holdReply(from start: Int) {
        if awaited > 0 || awaitedLater != nil { hold(from: start) }
    }

    private mutating func hold(from start: Int) {
        let end = reply.count
        if let later = awaitedLater {
            awaitedLater = nil
            return holds.append(
                ReplyQueue.Hold(start: start, end: end, replies: 1, position: .max, later: later))
        }
        guard awaited > 0, let log = journal.disk else { return }
        defer { awaited = 0 }
        guard awaited > log.acknowledged else { return }
        if let last = holds.indices.last, holds[last].end == start, holds[last].later == nil {
            holds[last].end = end
            holds[last].replies += 1
            holds[last].position = max(holds[last].position, awaited)
        } else {
            holds.append(ReplyQueue.Hold(start: start, end: end, replies: 1, position: awaited))
        }
    }
}
