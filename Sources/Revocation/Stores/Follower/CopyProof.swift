import Replication

/// What a copy proves that has lost its daemon (``FailurePolicy/copy(noOlderThan:)``).
struct CopyProof: Sendable, Equatable {
    var completeness: HeldLease.Completeness
    /// The latest that the store's time may be, minus the boot clock.
    let storeOffset: Int64
    /// What the wall clock may be ahead of the boot clock (``StoreClock/agreement``).
    let lead: Range<Int64>
}
