import Denylist
import Persistence
import PrometheusMetrics
import RESP
import Synchronization

/// What one thread serves its connections with: the store, the journal, the time, and the replies to the connection
/// that is being served. Its connections borrow it in turn.
struct ServingContext: ~Copyable {
    private let place = PassedByAddress()
    let daemon: Daemon
    /// Parts of the daemon that each read needs. Others hold weak references to the daemon itself, which makes counting
    /// its references slow.
    let clock: ServerClock
    private let tracking: ClientTracking
    let conditions: ServingConditions
    let users: UserTable
    /// The store without reference counting: the daemon keeps it alive.
    let denylist: Denylist.Keys
    /// The store for writing: every change is appended to ``journal``.
    var writer: GuardedWriter
    let journal: Journal
    /// The database that this connection has selected. Guarded keys and the daemon's own are in database 0 always.
    var database = 0
    /// The replies to the connection that is being served.
    var reply: ReplyBuffer
    /// Those of them that wait.
    var holds: ReplyHolds
    /// The time that commands are executed at.
    private(set) var moment: ClockReading
    /// The same in milliseconds of ``ServerClock/uptime()``.
    private(set) var uptime: Int64
    /// Held while commands are executed (``ExclusiveGate``).
    private let turn: FairLock
    /// Whether no other thread executes commands.
    private(set) var isAlone = false
    let counters: ThreadCounters
    var timer = BatchTimer()
    let commands = CommandTable.shared
    /// Messages for this thread's connections, from all threads.
    let mailbox: Mailbox
    var deliveries = Deliveries()
    /// A command that was not executed is to be tried again soon: it waits for threads to hand out messages.
    var isPostponed = false
    /// ``SlowLog/untimedCalls``, as it was when the time was taken.
    private(set) var untimedCalls: Int
    /// Whether the command being executed has read the epoch.
    var hasReadEpoch = false
    /// For the commands of a transaction; nil while one is executed, and until there is one.
    var queuedBatch: CommandBatch?

    init(_ daemon: Daemon) {
        self.daemon = daemon
        clock = daemon.clock
        tracking = daemon.tracking
        conditions = daemon.conditions
        users = daemon.users
        denylist = daemon.denylist.keys
        journal = daemon.journal
        holds = ReplyHolds(daemon.replicas.leases)
        writer = daemon.denylist.writer(journal)
        reply = ReplyBuffer(limit: daemon.configuration.outputLimit)
        counters = daemon.counters.add()
        mailbox = Mailbox(daemon.mail)
        turn = daemon.gate.add()
        untimedCalls = daemon.slowLog.untimedCalls
        (moment, uptime) = daemon.clock.read()
    }

    deinit {
        daemon.gate.remove(turn)
        daemon.counters.retire(counters)
    }

    /// Takes the time for the next commands.
    mutating func readClock() {
        (moment, uptime) = clock.read()
        untimedCalls = daemon.slowLog.untimedCalls
    }

    /// Turns to a connection: takes the time, and drops the replies to the previous one. Earlier connections may have
    /// taken long, and a lifetime must not count from before its command was sent.
    mutating func turnToConnection() {
        readClock()
        reply.removeAll()
        holds.removeAll()
    }

    // MARK: Turns

    /// Begins to execute commands of a connection: not while another thread has the exclusive turn.
    @inline(__always)
    mutating func beginTurn() {
        if turn.lock() { readClock() }
    }

    @inline(__always)
    func endTurn() {
        turn.unlock()
        tracking.tellListeners()
    }

    /// Runs `body`, between ``beginTurn()`` and ``endTurn()``, while no other thread executes commands. What it appends
    /// to the journal is one group, at one time.
    /// - Returns: the position after that group.
    mutating func executeAlone(_ body: (inout ServingContext) -> Void) -> UInt64 {
        guard !isAlone else {
            body(&self)
            return journal.end
        }
        daemon.gate.close(turn)
        defer { daemon.gate.open(turn) }
        isAlone = true
        // What follows in the same read must not count from before.
        defer {
            isAlone = false
            readClock()
        }
        readClock()
        let (journal, moment) = (journal, moment)
        return journal.appendGroup(at: moment) { body(&self) }
    }

    /// Counts a lookup.
    @inline(__always)
    func count(_ key: KeyHash, hit: Bool) {
        counters.add(to: .lookups(isGuarded: key.isGuarded, hit: hit))
    }

    /// How a session goes on whose command was not executed.
    mutating func takePostponed() -> ClientSession.Outcome {
        defer { isPostponed = false }
        return isPostponed ? .paused : .stalled
    }

    // MARK: Room in the log

    /// Whether a command that may write has to wait until the disk has taken some of the queue. Revocations find room
    /// when plain keys no longer do.
    func isLogFull(for command: Command, _ arguments: borrowing Arguments) -> Bool {
        isLogFull(forGuarded: hasOnlyGuardedKeys(command, arguments))
    }

    /// Whether a command has keys, and all of them are guarded: it finds room where plain keys do not.
    func hasOnlyGuardedKeys(_ command: Command, _ arguments: borrowing Arguments) -> Bool {
        guard command.firstKey > 0, arguments.count > command.firstKey else { return false }
        let count = command.lastKey == Command.counted ? arguments[command.firstKey - 1].parseInteger() : nil
        let last = min(command.lastKey(among: arguments.count, count), arguments.count - 1)
        guard last >= command.firstKey else { return false }
        return stride(from: command.firstKey, through: last, by: command.keyStep).allSatisfy {
            denylist.isGuarded(arguments[$0])
        }
    }

    /// The same of a transaction.
    func isLogFull(for transaction: borrowing Transaction) -> Bool {
        transaction.flags.mayWrite && isLogFull(forGuarded: !transaction.writesPlainKeys)
    }

    /// Whether the log takes whatever is written.
    @inline(__always)
    var isLogOpen: Bool {
        guard let log = journal.disk else { return true }
        return !log.refusesWrites && log.queuedBytes <= Self.plainBacklogLimit
    }

    private func isLogFull(forGuarded isGuarded: @autoclosure () -> Bool) -> Bool {
        guard let queued = journal.disk?.queuedBytes, queued > Self.plainBacklogLimit else { return false }
        return queued > AppendLog.backlogLimit || !isGuarded()
    }

    private static var plainBacklogLimit: Int { AppendLog.backlogLimit / 4 * 3 }

    /// Whether connections whose input waits are not read from: more input could only be kept.
    var isInputScarce: Bool {
        guard let queued = journal.disk?.queuedBytes, queued > Self.plainBacklogLimit else { return false }
        return daemon.counters.waitingInput.load(ordering: .relaxed) > Self.inputWhileLogIsFull
    }

    private static let inputWhileLogIsFull = 8 << 20
}
