import Dispatch
import Logging
import Persistence
import PrometheusMetrics
import Replication
import Synchronization

/// The leases of followers: what replies to guarded writes wait for besides the disk (Following.md). Any thread asks;
/// the replicas' thread ends leases when their time has come.
final class Leases: Sendable {
    struct Counts {
        var granted = 0
        var refused = 0
        var waitedOut = 0
        /// What guarded writes waited for leases that ran out, in milliseconds.
        var waited: Int64 = 0
    }

    private struct State {
        var ledger: LeaseLedger
        var counts = Counts()
        /// Something has been released that a reply waits for.
        var mustWake = false
        /// What the log has not been told.
        var waitedOut: [LeaseLedger.WaitedOut] = []
        var isStorm = false
        /// Receipts that are awaited, by their numbers in the ledger.
        var receipts: [Int: DeferredReply] = [:]
        var nextReceipt = 0
    }

    /// While a reply waits for a follower, the replicas' thread looks at leases this often, in milliseconds.
    static let turn: Int64 = 20
    /// Receipts that wait at the same time.
    private static let maximumReceipts = 4_096

    /// In milliseconds; 0: none is granted.
    let length: Int64
    /// How long writes waited that followers had not applied when they were on disk.
    let waits = Histogram()
    private let clock: ServerClock
    private let state: Mutex<State>
    /// ``LeaseLedger/released``.
    private let end = Atomic<UInt64>(.max)
    /// Wakes the replicas' thread.
    private let doorbell: DispatchSemaphore

    init(_ configuration: ServerConfiguration, _ clock: ServerClock, _ doorbell: DispatchSemaphore) {
        length = Int64(configuration.lease)
        self.clock = clock
        self.doorbell = doorbell
        state = Mutex(
            State(ledger: LeaseLedger(length: length, maximumHolders: configuration.maximumFollowers)))
    }

    // MARK: What may be answered

    /// Guarded writes up to this position may be answered, as far as followers go; `.max` if no lease is held.
    @inline(__always)
    var released: UInt64 { end.load(ordering: .acquiring) }

    /// A reply is to wait until followers have applied this position. Whoever is told that it has to hears when the log
    /// has progressed (``Daemon/observeLog(_:)``).
    ///
    /// Precondition: it was appended to the log before ``released`` was read, which a grant relies on.
    func mustWait(for position: UInt64) -> Bool {
        guard position > released else { return false }
        let now = clock.uptime()
        let (waits, rings) = state.withLock { state in
            settle(&state, at: now)
            let wasAwaited = state.ledger.isAwaited
            let waits = state.ledger.wait(for: position, at: now)
            return (waits, state.mustWake || waits && !wasAwaited)
        }
        if rings { doorbell.signal() }
        return waits
    }

    /// Ends what has run out, and publishes what that releases.
    private func settle(_ state: inout State, at now: Int64) {
        state.ledger.noteTurn(at: now, within: Self.turn)
        let wasAwaited = state.ledger.isAwaited
        let outcome = state.ledger.settle(at: now)
        for wait in outcome.waits { waits.record(.milliseconds(wait)) }
        for one in outcome.waitedOut {
            state.counts.waitedOut += 1
            state.counts.waited += one.waited
        }
        state.waitedOut += outcome.waitedOut.filter { $0.penalty != nil }
        state.isStorm = state.isStorm || outcome.isStorm
        for (number, receipt) in outcome.receipts {
            state.receipts.removeValue(forKey: number)?.complete(.answer(receipt.reply))
            state.mustWake = true
        }
        let released = state.ledger.released
        if wasAwaited, released > end.load(ordering: .relaxed) { state.mustWake = true }
        end.store(released, ordering: .releasing)
    }

    /// Changes the ledger, and wakes those who wait for what that releases.
    private func change<Result>(
        _ daemon: Daemon, _ body: (inout LeaseLedger, _ now: Int64) -> Result
    ) -> Result where Result: Sendable {
        let now = clock.uptime()
        let (result, wakes) = state.withLock { state in
            let result = body(&state.ledger, now)
            settle(&state, at: now)
            defer { state.mustWake = false }
            return (result, state.mustWake)
        }
        if wakes { daemon.logHasProgressed() }
        return result
    }

    /// Where everything up to a position is in force.
    enum ReceiptAnswer {
        case known(Receipt)
        /// Followers hold it up: the reply is completed when they do no more.
        case awaited(DeferredReply)
        /// Too many wait already.
        case refused
    }

    /// Precondition: as of ``mustWait(for:)``.
    func receipt(for position: UInt64) -> ReceiptAnswer {
        let now = clock.uptime()
        let (answer, rings) = state.withLock { state -> (ReceiptAnswer, Bool) in
            settle(&state, at: now)
            guard state.receipts.count < Self.maximumReceipts else { return (.refused, state.mustWake) }
            if let receipt = state.ledger.requestReceipt(state.nextReceipt, for: position) {
                return (.known(receipt), state.mustWake)
            }
            let reply = DeferredReply()
            state.receipts[state.nextReceipt] = reply
            state.nextReceipt += 1
            return (.awaited(reply), state.mustWake)
        }
        if rings { doorbell.signal() }
        return answer
    }

    // MARK: Followers

    func join(_ replica: Replica, _ daemon: Daemon) {
        change(daemon) { ledger, now in
            ledger.join(replica.client.id, as: replica.identity, from: replica.origin, at: now)
        }
    }

    /// The stream has ended: its leases are waited for until they have run out.
    func leave(_ replica: Replica, _ daemon: Daemon) {
        change(daemon) { ledger, _ in ledger.leave(replica.client.id) }
    }

    func acknowledge(_ position: UInt64, by replica: Replica, _ daemon: Daemon) {
        change(daemon) { ledger, _ in ledger.acknowledge(position, by: replica.client.id) }
    }

    func release(_ replica: Replica, _ daemon: Daemon) {
        change(daemon) { ledger, _ in ledger.release(replica.client.id) }
    }

    /// Grants a lease, which begins now.
    /// - Parameter applied: the position up to which the follower has applied everything.
    func renew(
        _ replica: Replica, applied: UInt64, _ log: AppendLog, _ daemon: Daemon
    ) -> Result<LeaseLedger.Lease, LeaseRefusal> {
        let id = replica.client.id
        acknowledge(applied, by: replica, daemon)
        let now = clock.uptime()
        let streamEnd = log.streamEnd
        let (result, wakes) = state.withLock { state -> (Result<LeaseLedger.Lease, LeaseRefusal>, Bool) in
            settle(&state, at: now)
            defer { state.mustWake = false }
            state.ledger.advance(to: streamEnd, at: now)
            if let refusal = state.ledger.refusal(of: id, at: now) {
                state.counts.refused += 1
                return (.failure(refusal), state.mustWake)
            }
            // Whoever appends from here on finds the gate closed, and waits; the position is read under the lock of
            // the log's queue, so everything before it was appended before.
            end.store(min(released, log.end), ordering: .sequentiallyConsistent)
            let lease = state.ledger.grant(to: id, end: log.currentEnd, at: now)
            end.store(state.ledger.released, ordering: .releasing)
            state.counts.granted += 1
            return (.success(lease), state.mustWake)
        }
        if wakes { daemon.logHasProgressed() }
        return result
    }

    /// A lease that cannot be granted for another reason than the ledger's.
    func countRefusal() { state.withLock { $0.counts.refused += 1 } }

    /// The process before this one may have promised leases of this length until a time.
    func succeed(longest: Int64, at time: Int64) {
        state.withLock { state in
            state.ledger.succeed(longest: longest, at: time)
            settle(&state, at: clock.uptime())
        }
    }

    // MARK: The replicas' thread

    /// Whether a reply waits for a follower.
    var isAwaited: Bool { state.withLock { $0.ledger.isAwaited } }

    /// Whether a lease may be held.
    var isHeld: Bool { state.withLock { $0.ledger.isHeld } }

    /// Ends leases whose time has come. Tells those who wait, and the log.
    /// - Returns: in how many milliseconds to call it again; nil if no reply waits for a lease.
    func runPeriodic(_ log: AppendLog, _ daemon: Daemon) -> Int64? {
        let streamEnd = log.streamEnd
        change(daemon) { ledger, now in ledger.advance(to: streamEnd, at: now) }
        let (news, isStorm, next) = state.withLock { state in
            defer { (state.waitedOut, state.isStorm) = ([], false) }
            let next = state.ledger.deadline.map { min(Self.turn, max(0, $0 - clock.uptime())) }
            return (state.waitedOut, state.isStorm, next)
        }
        for one in news {
            daemon.logger.warning(
                "a revocation waited \(one.waited) ms for the follower \(one.identity): it gets no other lease for \((one.penalty ?? 0) / 1000) s"
            )
        }
        if isStorm {
            daemon.logger.warning(
                "revocations waited for followers too often: nobody gets a lease for a minute, and checks are asked here"
            )
        }
        return next
    }

    // MARK: Figures

    var counts: Counts { state.withLock { $0.counts } }
    var holderCount: Int { state.withLock { $0.ledger.holderCount } }

    /// How far a follower is, and for how many milliseconds its lease lasts; 0 without one.
    func standing(of replica: Replica) -> (applied: UInt64?, left: Int64) {
        let now = clock.uptime()
        return state.withLock { state in
            let (applied, until) = state.ledger.standing(of: replica.client.id)
            return (applied, max(0, (until ?? now) - now))
        }
    }
}

extension Receipt {
    /// As `LEASE RECEIPT` answers it.
    fileprivate var reply: String {
        let names = waitedOut.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
        return "*2\r\n:\(followers)\r\n*\(waitedOut.count)\r\n\(names)"
    }
}
