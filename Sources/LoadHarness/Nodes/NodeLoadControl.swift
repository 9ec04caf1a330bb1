import Synchronization

/// What a running load is told, and tells, while it runs.
final class NodeLoadControl: Sendable {
    /// What shows that a node has its store again.
    enum Proof: Sendable {
        /// A good token was let through.
        case acceptance
        /// A revocation was acknowledged.
        case revocation
    }

    /// Somebody waits for a proof.
    private struct Waiter {
        let proof: Proof
        let node: Int
        let since: Int64
        let told: @Sendable (Int64) -> Void
    }

    private let stopped = Atomic(false)
    private let waiterCount = Atomic(0)
    private let waiters = Mutex<[Waiter]>([])

    /// Ends the load before its time.
    func stop() { stopped.store(true, ordering: .relaxed) }
    var isStopped: Bool { stopped.load(ordering: .relaxed) }

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
