import CProcessor
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A lock in raw memory that is held for a few dozen nanoseconds. A waiting thread spins, then yields, then sleeps, so
/// that a holder of lower priority can run.
struct ShardLock {
    let word: UnsafeMutablePointer<Atomic<UInt32>>

    /// A lock on the heap.
    static func allocate() -> ShardLock {
        let word = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
        word.initialize(to: Atomic(0))
        return ShardLock(word: word)
    }

    func deallocate() {
        word.deinitialize(count: 1)
        word.deallocate()
    }

    @inline(__always)
    func lock() {
        if word.pointee.exchange(1, ordering: .acquiring) != 0 { wait() }
    }

    @inline(__always)
    func tryLock() -> Bool { word.pointee.exchange(1, ordering: .acquiring) == 0 }

    @inline(__always)
    func unlock() { word.pointee.store(0, ordering: .releasing) }

    var isLocked: Bool { word.pointee.load(ordering: .relaxed) != 0 }

    @inline(never)
    private func wait() {
        var attempts = 0
        repeat {
            while word.pointee.load(ordering: .relaxed) != 0 {
                attempts += 1
                if attempts < 200 {
                    processor_pause()
                } else if attempts < 400 {
                    sched_yield()
                } else {
                    var pause = timespec(tv_sec: 0, tv_nsec: 50_000)
                    nanosleep(&pause, nil)
                }
            }
        } while word.pointee.exchange(1, ordering: .acquiring) != 0
    }
}
