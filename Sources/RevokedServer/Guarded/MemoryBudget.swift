import Denylist
import Persistence
import Synchronization

/// Who may fill how much of the memory. Revocations may use all of `maxmemory`; plain keys leave the reserve alone, and what
/// waits for clients and for the disk counts against their share: somebody's cache never keeps a revocation out.
final class MemoryBudget: Sendable {
    private let denylist: Denylist
    private let state: Mutex<GuardedReserve>
    private let reservedBytes: Atomic<Int>

    init(_ denylist: Denylist, reserve: GuardedReserve) {
        self.denylist = denylist
        state = Mutex(reserve)
        reservedBytes = Atomic(reserve.bytes(of: denylist.maximumBytes))
    }

    /// `maxmemory`, in bytes; 0 is no limit.
    var maximum: Int { denylist.maximumBytes }
    var reserve: GuardedReserve { state.withLock { $0 } }
    /// What plain keys leave free, in bytes.
    var reserved: Int { reservedBytes.load(ordering: .relaxed) }

    /// `CONFIG SET maxmemory` and `guarded-reserve`.
    func set(maximum: Int? = nil, reserve: GuardedReserve? = nil) {
        state.withLock { state in
            if let maximum { denylist.maximumBytes = maximum }
            if let reserve { state = reserve }
            reservedBytes.store(state.bytes(of: denylist.maximumBytes), ordering: .relaxed)
        }
    }
}

extension Worker {
    /// Whether a new entry of so many bytes has to be refused.
    func isFull(for keyClass: KeyClass, adding bytes: Int) -> Bool {
        guard keyClass == .plain, daemon.memory.maximum > 0 else { return denylist.isFull(adding: bytes) }
        let waiting = daemon.counters.waitingBytes + (written.log?.queuedBytes ?? 0)
        return denylist.isFull(adding: bytes + waiting, leaving: daemon.memory.reserved)
    }
}
