import Synchronization

/// A lock that is held for a few dozen nanoseconds: spins, then yields the processor.
final class ShardLock: Sendable {
    private let taken = Atomic(false)

    func lock() {
        var spins = 0
        while taken.exchange(true, ordering: .acquiring) {
            spins += 1
            if spins > 100 { yield() }
        }
    }

    func unlock() { taken.store(false, ordering: .releasing) }
}

#if canImport(Glibc)
    import Glibc
    private func yield() { _ = sched_yield() }
#else
    import Darwin
    private func yield() { _ = sched_yield() }
#endif
