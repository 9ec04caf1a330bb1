import Replication
import Synchronization

/// What a held lease rests on, for who answers more than checks (``FollowedCopy``). One thread writes it.
final class LeaseGrounds: Sendable {
    private let askedAtLatest = Atomic<Int64>(.min)
    private let epoch = Mutex<(generation: UInt64, text: [UInt8])>((0, []))

    /// Comes before ``PublishedLease/publish(_:)`` of the same lease.
    func publish(_ term: HeldLease.Term) {
        askedAtLatest.store(term.askedAt, ordering: .releasing)
        epoch.withLock { known in
            guard known.generation != term.generation else { return }
            known = (term.generation, term.epoch)
        }
    }

    /// ``HeldLease/Term/askedAt`` of the lease that was published last.
    var askedAt: Int64 { askedAtLatest.load(ordering: .acquiring) }

    /// The epoch of a lease, as the daemon answers `GET revoked.epoch`. A lease has one.
    /// - Returns: nil if there has been another lease since.
    func epoch(of lease: LeaseReading) -> [UInt8]? {
        epoch.withLock { $0.generation == lease.generation ? $0.text : nil }
    }
}
