import Dispatch
import Logging
import Persistence
import Synchronization
import Threads

/// The servers that copy this one, as Redis' replication protocol has it. A thread of its own reads for all of them
/// what they are sent from the files of the log: it only runs while there are any.
final class Replicas: Sendable {
    static let maximum = 16

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
        var replicas: [Replica] = []
        var waits: [Wait] = []
        /// When the last one left; nil if none was there.
        var leftAt: Int64?
        var isRunning = false
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
    /// How long the thread sleeps while nothing happens, and while a replica is behind or a reply waits.
    private static let idle = DispatchTimeInterval.milliseconds(100)
    private static let busy = DispatchTimeInterval.milliseconds(1)

    private let state = Mutex(State())
    private let doorbell = DispatchSemaphore(value: 0)

    var all: [Replica] { state.withLock { $0.replicas } }
    var counts: Counts { state.withLock { $0.counts } }

    func count(_ kind: any WritableKeyPath<Counts, Int> & Sendable) { state.withLock { $0.counts[keyPath: kind] += 1 } }

    // MARK: Coming and going

    /// - Returns: why it may not; nil if it was added.
    func add(_ replica: Replica, _ daemon: Daemon, _ log: AppendLog) -> String? {
        let (isFull, mustStart) = state.withLock { state in
            guard state.replicas.count < Self.maximum else { return (true, false) }
            state.replicas.append(replica)
            defer { state.isRunning = true }
            return (false, !state.isRunning)
        }
        guard !isFull else { return "ERR there are \(Self.maximum) replicas already" }
        if mustStart {
            do { try SystemThread.start("replicas") { [self] in run(daemon, log) } } catch {
                state.withLock { ($0.isRunning, $0.replicas) = (false, []) }
                return "ERR \(error)"
            }
        }
        doorbell.signal()
        return nil
    }

    func remove(_ client: ClientRecord, _ daemon: Daemon) {
        let removed = state.withLock { state -> Replica? in
            guard let index = state.replicas.firstIndex(where: { $0.client === client }) else { return nil }
            state.leftAt = daemon.clock.uptime()
            return state.replicas.remove(at: index)
        }
        guard let removed else { return }
        daemon.logger.info("the replica at \(removed.host):\(removed.port) is gone")
        doorbell.signal()
    }

    /// `REPLCONF ACK`.
    func acknowledge(_ offset: UInt64, by client: ClientRecord, at now: Int64) {
        let replica = state.withLock { $0.replicas.first { $0.client === client } }
        replica?.progress.withLock { progress in
            progress.acknowledged = max(progress.acknowledged, offset)
            progress.acknowledgedAt = now
        }
        doorbell.signal()
    }

    /// The log has come further.
    func logHasProgressed() {
        if state.withLock({ $0.isRunning }) { doorbell.signal() }
    }

    /// Comes before expired entries are removed. A replica that asks to be fed meanwhile waits for the end: what is
    /// removed untold has to be noted first.
    /// - Returns: whether each has to be told of.
    func beginReclaiming(at now: Int64) -> Bool {
        state.withLock { state in
            let mustHear = !state.replicas.isEmpty || state.leftAt.map { now - $0 < Self.absence } ?? false
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
        var feeds: [Int64: ReplicaFeed] = [:]
        while let replicas = next() {
            var isBusy = false
            for replica in replicas {
                let feed = feeds[replica.client.id] ?? ReplicaFeed(replica, daemon, log)
                feeds[replica.client.id] = feed
                if feed.step() { isBusy = true }
            }
            if feeds.count > replicas.count {
                feeds = feeds.filter { id, _ in replicas.contains { $0.client.id == id } }
            }
            let awaited = answerWaits(daemon)
            keepAlive(daemon, log, awaited)
            _ = doorbell.wait(timeout: .now() + (isBusy || awaited != nil ? Self.busy : Self.idle))
        }
        answerWaits(daemon)
    }

    /// - Returns: nil if there are none: then the thread ends.
    private func next() -> [Replica]? {
        state.withLock { state in
            if state.replicas.isEmpty { state.isRunning = false }
            return state.replicas.isEmpty ? nil : state.replicas
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
