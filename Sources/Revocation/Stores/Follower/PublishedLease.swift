import Replication
import Synchronization

/// What a check has to know of a follower's lease and clocks. One thread writes it. Any number read it without a lock,
/// and share no memory that is written more often than a lease is renewed.
final class PublishedLease: Sendable {
    /// What holds while a lease is held. Times in milliseconds of the boot clock (``SentTime/milliseconds``).
    struct Terms: Sendable, Equatable {
        var lease: LeaseReading
        /// The daemon's guarded time minus the boot clock.
        var guardedOffset: Int64
        /// The latest that the store's time may be, minus the boot clock.
        var storeOffset: Int64
        /// What the wall clock may be ahead of the boot clock, and until when that counts (``StoreClock/agreement``).
        var lead: Range<Int64>
        var leadUntil: Int64
        var epoch: EpochWords
    }

    /// Readings that a writer disturbs are made again, so often at most.
    private static let attempts = 64

    /// Odd while it is written.
    private let stamp = Atomic<UInt64>(0)
    private let generation = Atomic<UInt64>(0)
    private let until = Atomic<Int64>(.min)
    private let guardedOffset = Atomic<Int64>(0)
    private let storeOffset = Atomic<Int64>(0)
    private let leastLead = Atomic<Int64>(0)
    private let endOfLead = Atomic<Int64>(0)
    private let leadUntil = Atomic<Int64>(.min)
    private let epoch0 = Atomic<UInt64>(0)
    private let epoch1 = Atomic<UInt64>(0)
    private let epoch2 = Atomic<UInt64>(0)
    private let epoch3 = Atomic<UInt64>(0)
    private let epoch4 = Atomic<UInt64>(0)

    /// Whether a lease was held when it was last published.
    var isHeld: Bool { generation.load(ordering: .relaxed) != 0 }

    /// - Parameter terms: nil if no lease is held. Called by one thread only.
    func publish(_ terms: Terms?) {
        let stamp = stamp.load(ordering: .relaxed)
        self.stamp.store(stamp &+ 1, ordering: .relaxed)
        // Each store comes behind the one before.
        generation.store(terms?.lease.generation ?? 0, ordering: .releasing)
        until.store(terms?.lease.until ?? .min, ordering: .releasing)
        if let terms {
            guardedOffset.store(terms.guardedOffset, ordering: .releasing)
            storeOffset.store(terms.storeOffset, ordering: .releasing)
            leastLead.store(terms.lead.lowerBound, ordering: .releasing)
            endOfLead.store(terms.lead.upperBound, ordering: .releasing)
            leadUntil.store(terms.leadUntil, ordering: .releasing)
            epoch0.store(terms.epoch.a, ordering: .releasing)
            epoch1.store(terms.epoch.b, ordering: .releasing)
            epoch2.store(terms.epoch.c, ordering: .releasing)
            epoch3.store(terms.epoch.d, ordering: .releasing)
            epoch4.store(terms.epoch.e, ordering: .releasing)
        }
        self.stamp.store(stamp &+ 2, ordering: .releasing)
        // Whoever is told of it later reads it, and nothing older.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    /// - Returns: nil if no lease is held.
    @inline(__always)
    func read() -> Terms? {
        for _ in 0..<Self.attempts {
            let before = stamp.load(ordering: .acquiring)
            let lease = LeaseReading(
                generation: generation.load(ordering: .acquiring), until: until.load(ordering: .acquiring))
            let least = leastLead.load(ordering: .acquiring)
            let terms = Terms(
                lease: lease, guardedOffset: guardedOffset.load(ordering: .acquiring),
                storeOffset: storeOffset.load(ordering: .acquiring),
                // Read while it is written, the end may be before the beginning.
                lead: least..<max(least, endOfLead.load(ordering: .acquiring)),
                leadUntil: leadUntil.load(ordering: .acquiring),
                epoch: EpochWords(
                    epoch0.load(ordering: .acquiring), epoch1.load(ordering: .acquiring),
                    epoch2.load(ordering: .acquiring), epoch3.load(ordering: .acquiring),
                    epoch4.load(ordering: .acquiring)))
            guard before & 1 == 0, stamp.load(ordering: .relaxed) == before else { continue }
            return lease.generation == 0 ? nil : terms
        }
        return nil
    }

    /// The lease now, after a look-up.
    @inline(__always)
    func readAgain() -> LeaseReading {
        // The look-up's loads come before these.
        atomicMemoryFence(ordering: .acquiring)
        for _ in 0..<Self.attempts {
            let before = stamp.load(ordering: .acquiring)
            let lease = LeaseReading(
                generation: generation.load(ordering: .acquiring), until: until.load(ordering: .acquiring))
            if before & 1 == 0, stamp.load(ordering: .relaxed) == before { return lease }
        }
        return LeaseReading(nil)
    }
}
