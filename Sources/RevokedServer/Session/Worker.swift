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
    /// The store for writing, with the journal.
    let written: GuardedWriter
    /// The replies to the connection that is being served, and before them to those that were served with it.
    var reply: ReplyBuffer
    /// When the bytes that are being served were read.
    private(set) var moment: ClockReading
    /// The same in milliseconds of ``ServerClock/uptime()``.
    private(set) var uptime: Int64
    let counters: ThreadCounters
    let commands = CommandTable.shared
    /// Batches until one is timed.
    private var untimedBatches = 0
    /// The hashes of the keys of the requests that are being served; their arguments' notes count them.
    private var hashes = ReusableBuffer<KeyHash>(capacity: 256)
    /// For how many of them the entries have been asked for.
    private var fetched = 0
    /// The requests whose entries are asked for together.
    static let requestsAtOnce = 8
    /// Of no more keys than these all is asked for at once: what says where to look would not come in time.
    private static let few = 8
    /// Whether any of the requests that are being served may make a new entry.
    private var mayInsert = false
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
        written = daemon.denylist.writer(daemon.journal)
        reply = ReplyBuffer(limit: daemon.configuration.outputLimit)
        counters = daemon.counters.add()
        (moment, uptime) = daemon.clock.read()
    }

    deinit { daemon.counters.retire(counters) }

    /// Takes the time for what is served next.
    mutating func readClock() { (moment, uptime) = daemon.clock.read() }

    /// Forgets the replies to all who were served before.
    mutating func beginReplies() {
        reply.removeAll()
        holds.removeAll(keepingCapacity: true)
    }

    /// Forgets the replies to whom is being served: they have been sent, or wait elsewhere.
    mutating func forgetReplies() {
        reply.removeLast()
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
        guard let queued = written.log?.queuedBytes, queued > Self.plainBacklogLimit else { return false }
        guard queued <= AppendLog.backlogLimit, arguments.count > 1 else { return true }
        return !denylist.isGuarded(arguments[1])
    }

    private static let plainBacklogLimit = AppendLog.backlogLimit / 4 * 3

    /// Whether connections with input that waits should not be read from, for it could only be kept.
    var isInputScarce: Bool {
        guard let queued = written.log?.queuedBytes, queued > Self.plainBacklogLimit else { return false }
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

    private mutating func hold(from position: Int) {
        let (start, end) = (position - reply.start, reply.bytes.count)
        if let later = awaitedLater {
            awaitedLater = nil
            return holds.append(
                ReplyQueue.Hold(start: start, end: end, replies: 1, position: .max, later: later))
        }
        guard awaited > 0, let log = written.log else { return }
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

    // MARK: Keys

    mutating func forgetHashes() {
        hashes.removeAll()
        fetched = 0
        mayInsert = false
    }

    /// Hashes a key and begins to ask for the memory where its entry is.
    /// - Parameter mayInsert: whether its command may make a new entry.
    /// - Returns: the note to find the hash by.
    mutating func prepare(_ key: RawSpan, mayInsert: Bool) -> Int {
        hashes.append(denylist.beginPrefetch(of: key))
        if mayInsert { self.mayInsert = true }
        return hashes.count - 1
    }

    /// The same for keys of one length, at equal distances.
    /// - Parameter keys: the bytes from the first on.
    /// - Returns: the note of the first; the others' follow.
    mutating func prepare(_ keys: RawSpan, count: Int, length: Int, distance: Int, mayInsert: Bool) -> Int {
        if mayInsert { self.mayInsert = true }
        hashes.append(count: count) { [denylist] in
            denylist.beginPrefetch(of: keys, length: length, distance: distance, into: &$0)
        }
        return hashes.count - count
    }

    /// Asks for the memory where the entries of the keys are; called before the first of `requests` is executed, and
    /// then before every one whose number is a multiple of ``requestsAtOnce``. It is always ahead by as many, so that
    /// the processor fetches while it executes: more at once, and it would wait.
    @inline(__always)
    mutating func prefetch(for requests: Int) {
        if fetched < hashes.count { prefetchMore(for: requests) }
    }

    private mutating func prefetchMore(for requests: Int) {
        var share = max(Self.requestsAtOnce, hashes.count * Self.requestsAtOnce / requests)
        if fetched == 0 {
            guard hashes.count > Self.few else {
                for index in hashes.indices { denylist.prefetch(hashes[index]) }
                fetched = hashes.count
                return
            }
            share *= 2
        }
        let end = min(hashes.count, fetched + share)
        denylist.prefetchSlots(hashes.span.extracting(fetched..<end), orFree: mayInsert)
        fetched = end
    }

    /// The hash of an argument, which must be one of its command's keys.
    @inline(__always)
    func hash(_ index: Int, of arguments: borrowing Arguments) -> KeyHash { hashes[arguments.note(index)] }

    func contains(_ index: Int, of arguments: borrowing Arguments) -> Bool {
        denylist.contains(arguments[index], hash: hash(index, of: arguments), at: moment)
    }

    /// What the hashes of some keys tell of them.
    /// - Parameter keys: the notes of their arguments.
    func presence(_ keys: Range<Int>) -> Denylist.Presence {
        denylist.contains(hashes.span.extracting(keys), at: moment)
    }

    /// Counts lookups of several keys, of which each has a bit, from the lowest on.
    func count(there: UInt64, guarded: UInt64, of keys: Int) {
        let (guardedCount, hits, guardedHits) = (
            guarded.nonzeroBitCount, there.nonzeroBitCount, (there & guarded).nonzeroBitCount
        )
        counters.add(guardedHits, to: .lookups(isGuarded: true, hit: true))
        counters.add(guardedCount - guardedHits, to: .lookups(isGuarded: true, hit: false))
        guard guardedCount < keys else { return }
        counters.add(hits - guardedHits, to: .lookups(isGuarded: false, hit: true))
        counters.add(keys - guardedCount - (hits - guardedHits), to: .lookups(isGuarded: false, hit: false))
    }
}
