import Contract
import Denylist
import Persistence
import Synchronization

/// Which part of the memory a write may fill.
enum MemoryShare {
    /// A plain key: all but the reserve.
    case plain
    /// The first write of a rotation: anyone who may log in can refresh in a loop, so it leaves room for revocations,
    /// too.
    case rotation
    /// A revocation: all of it.
    case revocation

    /// What a write of `value` fills.
    init(_ keyClass: KeyClass, _ value: RawSpan) {
        self = keyClass != .guarded ? .plain : Reason.isRotated(value) ? .rotation : .revocation
    }
}

/// Who may fill how much of the memory. Revocations may use all of `maxmemory`; plain keys leave the reserve alone, and
/// what waits for clients and for the disk counts against their share: neither somebody's cache nor a flood of
/// refreshes ever keeps a revocation out.
final class MemoryBudget: Sendable {
    private let table: GuardedTable
    private let state: Mutex<GuardedReserve>
    private let reservedBytes: Atomic<Int>

    init(_ table: GuardedTable, reserve: GuardedReserve) {
        self.table = table
        state = Mutex(reserve)
        reservedBytes = Atomic(reserve.bytes(of: table.maximumBytes))
    }

    /// What writes of a share leave free, in bytes. A reserve that takes plain keys nearly everything is no reason to
    /// refuse every refresh: rotations leave a quarter at most.
    func reserved(from share: MemoryShare) -> Int {
        switch share {
        case .plain: reserved
        case .rotation: min(reserved, GuardedReserve.quarter.bytes(of: maximum))
        case .revocation: 0
        }
    }

    /// `maxmemory`, in bytes; 0 is no limit.
    var maximum: Int { table.maximumBytes }
    var reserve: GuardedReserve { state.withLock { $0 } }
    /// What plain keys leave free, in bytes.
    var reserved: Int { reservedBytes.load(ordering: .relaxed) }

    /// `CONFIG SET maxmemory` and `guarded-reserve`.
    func set(maximum: Int? = nil, reserve: GuardedReserve? = nil) {
        state.withLock { state in
            if let maximum { table.maximumBytes = maximum }
            if let reserve { state = reserve }
            reservedBytes.store(state.bytes(of: table.maximumBytes), ordering: .relaxed)
        }
    }
}

extension ServingContext {
    /// Whether a new entry of so many bytes has to be refused.
    func isFull(for share: MemoryShare, adding bytes: Int) -> Bool {
        guard share != .revocation, daemon.memory.maximum > 0 else {
            return denylist.isFull(adding: bytes, leaving: 0)
        }
        let waiting = daemon.counters.waitingBytes + (journal.disk?.queuedBytes ?? 0)
        return denylist.isFull(adding: bytes + waiting, leaving: daemon.memory.reserved(from: share))
    }
}
