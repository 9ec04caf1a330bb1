import Dispatch
import Logging
import Persistence
import Synchronization
import Threads

/// The servers that copy this one, as Redis' replication protocol has it. A thread of its own reads for all of them
/// what they are sent from the files of the log: it only runs while there are any.
final class Replicas: Sendable {
    /// Of those that are no followers, and of followers.
    static let maximum = 16
    static let maximumFollowers = 1_024

    struct Counts: Sendable {
        var wholeCopies = 0
        var partialCopies = 0
    }

    /// A reply that waits until so many replicas have a position.
    private struct Wait {
        let client: ClientRecord
        let position: UInt64
        let count: Int
        /// In milliseconds of ``ServerClock/uptime()``; nil: for ever.
        let deadline: Int64?
        let reply: DeferredReply
    }

    private struct State {
        var replicas = ReplicaTable()
        var waits: [Wait] = []
        /// When the last one left; nil if none was there.
        var leftAt: Int64?
        var isRunning = false
        /// When it is next tried to keep on disk what replicas rely on.
        var keepsAt: Int64 = 0
        /// Expired entries are being removed, and no replica is told.
        var isReclaimingUntold = false
        var counts = Counts()
        /// When the log last grew, and how far it was.
        var grownAt: Int64 = 0
        var grownTo: UInt64 = 0
        /// The position whose acknowledgement was last asked for.
        var askedFor: UInt64 = 0
    }

    /// Replies that may wait, and those of one connection.
    private static let maximumWaits = 1_000
    private static let maximumWaitsOfOne = 16
    /// For how long one that has left is told of what expires, in milliseconds: it may come back, and go on.
    private static let absence: Int64 = 600_000
    /// A replica hears something at least so often, in milliseconds (Redis' `repl-ping-replica-period`).
    private static let pingInterval: Int64 = 10_000
    /// How often they are asked what they have, while a reply waits for it, in milliseconds.
    private static let askInterval: Int64 = 100
    /// How long the thread sleeps while nothing happens, and while a replica is behind or a reply waits, in
    /// milliseconds.
    private static let idle: Int64 = 100
    private static let busy: Int64 = 1
    /// Between two attempts to keep on disk what replicas rely on, in milliseconds.
    private static let keepInterval: Int64 = 10_000

    private let state = Mutex(State())
    private let doorbell: DispatchSemaphore
    let leases: Leases

    init(_ configuration: ServerConfiguration, _ clock: ServerClock) {
        doorbell = DispatchSemaphore(value: 0)
        leases = Leases(configuration, clock, doorbell)
    }

    var all: [Replica] { state.withLock { $0.replicas.all } }
    var counts: Counts { state.withLock { $0.counts } }

    func count(_ kind: any WritableKeyPath<Counts, Int> & Sendable) { state.withLock { $0.counts[keyPath: kind] += 1 } }

    // MARK: Coming and going

    /// - Returns: why it may not; nil if it was added.
    func add(_ replica: Replica, _ daemon: Daemon, _ log: AppendLog) -> String? {
        let refusal = state.withLock { state -> String? in
            let (isFollower, maximum) = (replica.follower != nil, replica.follower.map { _ in Self.maximumFollowers })
            guard state.replicas.all.count(where: { ($0.follower != nil) == isFollower }) < maximum ?? Self.maximum
            else {
                return "ERR there are \(maximum ?? Self.maximum) \(isFollower ? "followers" : "replicas") already"
            }
            if let name = replica.follower, state.replicas.find(name) != nil {
                return "ERR another follower's stream has that name"
            }
            state.replicas.append(replica)
            return nil
        }
        if let refusal { return refusal }
        if replica.follower != nil { leases.join(replica, daemon) }
        do { try start(daemon, log) } catch {
            remove(replica.client, daemon)
            return "ERR \(error)"
        }
        doorbell.signal()
        return nil
    }

    /// Starts the thread if it does not run.
    func start(_ daemon: Daemon, _ log: AppendLog) throws(SystemThread.Failure) {
        let mustStart = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard mustStart else { return }
        do throws(SystemThread.Failure) {
            log.observeWrites { [weak self] in self?.logHasProgressed() }
            try SystemThread.start("replicas") { [self] in run(daemon, log) }
        } catch {
            state.withLock { $0.isRunning = false }
            throw error
        }
    }

    /// The follower whose stream has this name.
    func find(_ name: FollowerName) -> Replica? { state.withLock { $0.replicas.find(name) } }

    func remove(_ client: ClientRecord, _ daemon: Daemon) {
        guard let replica = state.withLock({ $0.replicas[client] }) else { return }
        // First: a renewal that has found it is refused from here on, and the thread runs while a lease is held.
        if replica.follower != nil { leases.leave(replica, daemon) }
        let isGone = state.withLock { state in
            guard state.replicas.remove(replica) else { return false }
            state.leftAt = daemon.clock.uptime()
            return true
        }
        guard isGone else { return }
        daemon.logger.info("the \(replica.description) is gone")
        doorbell.signal()
    }

    /// `REPLCONF ACK`.
    /// - Returns: false if it was never sent that: it has to go.
    func acknowledge(_ offset: UInt64, by client: ClientRecord, _ daemon: Daemon) -> Bool {
        let (replica, isAwaited) = state.withLock { state in
            (state.replicas[client], !state.waits.isEmpty)
        }
        guard let replica else { return true }
        guard acknowledge(offset, by: replica, at: daemon.clock.uptime()) else {
            daemon.logger.warning("ending the \(replica.description): it acknowledges what it was never sent")
            return false
        }
        if replica.follower != nil { leases.acknowledge(offset, by: replica, daemon) }
        if isAwaited { doorbell.signal() }
        return true
    }

    /// - Returns: false if it was never sent that.
    func acknowledge(_ offset: UInt64, by replica: Replica, at now: Int64) -> Bool {
        replica.progress.withLock { progress in
            guard offset <= progress.sent ?? 0 else { return false }
            progress.acknowledged = max(progress.acknowledged, offset)
            progress.acknowledgedAt = now
            return true
        }
    }

    /// Replicas of the process before may come back, and go on: they are told of what expires, as those are that have
    /// left.
    func awaitEarlierReplicas(at now: Int64) { state.withLock { $0.leftAt = now } }

    /// The log has come further.
    func logHasProgressed() {
        if state.withLock({ $0.isRunning }) { doorbell.signal() }
    }

    /// Comes before expired entries are removed. A replica that asks to be fed meanwhile waits for the end: what is
    /// removed untold has to be noted first.
    /// - Returns: whether each has to be told of.
    func beginReclaiming(at now: Int64) -> Bool {
        state.withLock { state in
            let mustHear = !state.replicas.all.isEmpty || state.leftAt.map { now - $0 < Self.absence } ?? false
            state.isReclaimingUntold = !mustHear
            return mustHear
        }
    }

    func endReclaiming() { state.withLock { $0.isReclaimingUntold = false } }

    var isReclaimingUntold: Bool { state.withLock { $0.isReclaimingUntold } }

    // MARK: WAIT

    /// How many have executed everything up to a position.
    func count(with position: UInt64) -> Int {
        all.count { $0.progress.withLock { $0.isOnline && $0.acknowledged >= position } }
    }

    /// - Parameter deadline: nil to wait for ever.
    /// - Returns: nil if there are too many that wait.
    func wait(
        _ client: ClientRecord, for count: Int, with position: UInt64, until deadline: Int64?
    ) -> DeferredReply? {
        let reply = DeferredReply()
        let isTaken = state.withLock { state in
            guard state.waits.count < Self.maximumWaits, state.isRunning,
                state.waits.count(where: { $0.client === client }) < Self.maximumWaitsOfOne
            else { return false }
            state.waits.append(
                Wait(client: client, position: position, count: count, deadline: deadline, reply: reply))
            return true
        }
        guard isTaken else { return nil }
        doorbell.signal()
        return reply
    }

    /// Whether a reply to it waits for replicas.
    func isWaiting(_ client: ClientRecord) -> Bool { state.withLock { $0.waits.contains { $0.client === client } } }

    // MARK: The thread

    private func run(_ daemon: Daemon, _ log: AppendLog) {
        var feeds = ReplicaFeeds(daemon, log)
        var lookedAt: Int64 = 0
        while let replicas = next() {
            keepOnDisk(daemon)
            let isBusy = feeds.step(replicas) {
                // Leases run out while others are fed.
                let now = daemon.clock.uptime()
                guard now != lookedAt, leases.isAwaited else { return }
                lookedAt = now
                _ = leases.runPeriodic(log, daemon)
            }
            let awaited = answerWaits(daemon)
            if !replicas.all.isEmpty { keepAlive(daemon, log, awaited) }
            let usual = isBusy || awaited != nil ? Self.busy : Self.idle
            let pause = min(usual, leases.runPeriodic(log, daemon) ?? usual)
            _ = doorbell.wait(timeout: .now() + .milliseconds(Int(pause)))
        }
        answerWaits(daemon)
    }

    /// - Returns: nil if there are none, and no lease runs on: then the thread ends.
    private func next() -> ReplicaTable? {
        state.withLock { state in
            if state.replicas.all.isEmpty, !leases.isHeld { state.isRunning = false }
            return state.isRunning ? state.replicas : nil
        }
    }

    /// Keeps on disk what replicas rely on after a restart: where the log stands in its stretch, and that leases are
    /// promised, before the first one is.
    private func keepOnDisk(_ daemon: Daemon) {
        guard let persistence = daemon.persistence else { return }
        let (keepsStream, hasPromised) = (persistence.log.keepsStream, persistence.promisedLease >= leases.length)
        guard !keepsStream || !hasPromised else { return }
        let now = daemon.clock.uptime()
        let (hasReplica, hasFollower) = state.withLock { state in
            guard now >= state.keepsAt else { return (false, false) }
            return (!state.replicas.all.isEmpty, state.replicas.all.contains { $0.follower != nil })
        }
        func attempt(_ consequence: String, _ keep: () throws(PersistenceError) -> Void) {
            do throws(PersistenceError) { try keep() } catch {
                state.withLock { $0.keepsAt = now + Self.keepInterval }
                daemon.logger.error("\(consequence): \(error)")
            }
        }
        if hasReplica, !keepsStream {
            attempt("replicas will copy the whole table after a restart", persistence.keepStream)
        }
        guard hasFollower, !hasPromised else { return }
        attempt("no lease is granted, because it cannot be kept on disk that it was promised") {
            () throws(PersistenceError) in try persistence.promise(lease: leases.length)
        }
    }

    /// Answers those that have waited for long enough.
    /// - Returns: the last position that others go on waiting for; nil if none does.
    @discardableResult
    private func answerWaits(_ daemon: Daemon) -> UInt64? {
        let now = daemon.clock.uptime()
        let (waits, isRunning) = state.withLock { ($0.waits, $0.isRunning) }
        guard !waits.isEmpty else { return nil }
        let positions = all.compactMap { $0.progress.withLock { $0.isOnline ? $0.acknowledged : nil } }
        var answered: Set<ObjectIdentifier> = []
        var last: UInt64?
        for wait in waits {
            let count = positions.count { $0 >= wait.position }
            let isOver = wait.deadline.map { now >= $0 } ?? false || wait.client.hasEnded
            guard count >= wait.count || isOver || !isRunning else {
                last = max(last ?? 0, wait.position)
                continue
            }
            wait.reply.complete(.answer(":\(count)\r\n"))
            answered.insert(ObjectIdentifier(wait.reply))
        }
        guard !answered.isEmpty else { return last }
        state.withLock { $0.waits.removeAll { answered.contains(ObjectIdentifier($0.reply)) } }
        daemon.logHasProgressed()
        return last
    }

    /// Sees to it that replicas hear something, and that they answer while a reply waits for them.
    /// - Parameter awaited: the position that a reply waits for.
    private func keepAlive(_ daemon: Daemon, _ log: AppendLog, _ awaited: UInt64?) {
        let (now, end) = (daemon.clock.uptime(), log.streamEnd)
        let (since, asked) = state.withLock { state in
            if state.grownTo != end { (state.grownTo, state.grownAt) = (end, now) }
            return (now - state.grownAt, state.askedFor)
        }
        let isDue = awaited.map { $0 > asked || since >= Self.askInterval } ?? (since >= Self.pingInterval)
        guard isDue else { return }
        daemon.journal.append(signal: awaited != nil ? .getAcknowledgement : .ping)
        state.withLock { ($0.grownAt, $0.askedFor) = (now, awaited ?? asked) }
    }
}
