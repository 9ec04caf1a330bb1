import Synchronization

/// What a running load is told, and tells, while it runs.
final class NodeLoadControl: Sendable {
    /// What shows that a node has its store again.
    enum Proof: Sendable {
        /// A good token was let through.
        case acceptance
        /// A revocation was acknowledged.
        case revocation
        /// Something was said about a token of an issuer whose keys a server has.
        case servedKeys
    }

    /// A caller that waits for a proof.
    private struct Waiter {
        let proof: Proof
        let node: Int
        let since: Int64
        let told: @Sendable (Int64) -> Void
    }

    /// What is done to a node, or to its way to the store.
    private struct Disturbance {
        var faults = 0
        var endedAt = Int64.min
    }

    /// For so long after it has recovered a node may still fail: its other connections come back one by one. In
    /// nanoseconds.
    private static let convalescence: Int64 = 1_000_000_000

    private let disturbances = Mutex<[Int: Disturbance]>([:])
    private let stall = Mutex<ClosedRange<Int64>?>(nil)
    private let stopped = Atomic(false)
    private let broken = Mutex<[Rule: Int]>([:])
    private let rejected = Atomic(0)
    private let acknowledgedCount = Atomic(0)
    private let waiterCount = Atomic(0)
    private let waiters = Mutex<[Waiter]>([])

    /// Ends the load before its time.
    func stop() { stopped.store(true, ordering: .relaxed) }
    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    // MARK: Findings

    /// A rule was broken.
    func found(_ rule: Rule) { broken.withLock { $0[rule, default: 0] += 1 } }

    /// A good token was refused.
    func foundFalseRejection() { rejected.add(1, ordering: .relaxed) }
    var falseRejections: Int { rejected.load(ordering: .relaxed) }

    /// How often rules have been broken so far.
    var violations: [Rule: Int] { broken.withLock { $0 } }

    /// A revocation was acknowledged.
    func acknowledged() { acknowledgedCount.add(1, ordering: .relaxed) }
    var acknowledgements: Int { acknowledgedCount.load(ordering: .relaxed) }

    // MARK: Faults

    /// Something is about to be done to these nodes, or to their store.
    func disturb(_ nodes: [Int]) {
        disturbances.withLock { for node in nodes { $0[node, default: .init()].faults += 1 } }
    }

    /// It is over, and they have shown that they have recovered.
    func calm(_ nodes: [Int], at now: Int64) {
        disturbances.withLock {
            for node in nodes {
                $0[node, default: .init()].faults -= 1
                $0[node, default: .init()].endedAt = now + Self.convalescence
            }
        }
    }

    /// Whether a fault explains that a node did not answer what was sent to it at `time`, up to now.
    func wasDisturbed(_ node: Int, since time: Int64) -> Bool {
        disturbances.withLock { disturbances in
            guard let disturbance = disturbances[node] else { return false }
            return disturbance.faults > 0 || disturbance.endedAt >= time
        }
    }

    /// The server of an issuer's keys begins to stall, or has ended it.
    func keySetStalls(_ stalls: Bool, at now: Int64) {
        stall.withLock { $0 = stalls ? now ... .max : ($0?.lowerBound ?? now)...now }
    }

    /// Whether it stalled at a time.
    func hasKeySetStalled(at time: Int64) -> Bool { stall.withLock { $0?.contains(time) ?? false } }

    // MARK: Recovery

    /// Tells, once, when a node first gave a proof in answer to what was sent after `since`.
    func await(_ proof: Proof, of node: Int, since: Int64, told: @escaping @Sendable (Int64) -> Void) {
        waiters.withLock { $0.append(Waiter(proof: proof, node: node, since: since, told: told)) }
        waiterCount.add(1, ordering: .releasing)
    }

    /// A node has given a proof.
    func proven(_ proof: Proof, by node: Int, sentAt: Int64, at now: Int64) {
        guard waiterCount.load(ordering: .acquiring) > 0 else { return }
        let served = waiters.withLock { waiters in
            let isServed = { (waiter: Waiter) in
                waiter.proof == proof && waiter.node == node && waiter.since <= sentAt
            }
            let served = waiters.filter(isServed)
            waiters.removeAll(where: isServed)
            return served
        }
        waiterCount.subtract(served.count, ordering: .relaxed)
        for waiter in served { waiter.told(now) }
    }
}
