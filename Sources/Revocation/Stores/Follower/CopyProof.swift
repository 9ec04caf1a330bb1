import Replication

/// What a copy proves that has lost its daemon (``FailurePolicy/copy(noOlderThan:)``).
struct CopyProof: Sendable, Equatable {
    /// Another one each time that the table is emptied: a check reads it before and after its look-up.
    let copy: UInt64
    let completeness: HeldLease.Completeness
    /// The latest that the store's time may be, minus the boot clock.
    let storeOffset: Int64
    /// What the wall clock may be ahead of the boot clock (``StoreClock/agreement``).
    let lead: Range<Int64>

    /// The daemon's guarded time, at most what it really is: this boot clock may be fast by a tenth, and the daemon's
    /// slow.
    func guarded(at now: Int64) -> Int64 {
        let age = max(0, now - completeness.at)
        return completeness.guardedOffset + now - (age + 4) / 5
    }
}
