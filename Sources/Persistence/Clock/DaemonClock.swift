package import Denylist

/// What persistence needs of the daemon's clocks.
package protocol DaemonClock: AnyObject, Sendable {
    /// Continues from the clocks in the data directory. Called once, before any entry is read.
    func resume(after evidence: ClockEvidence)
    /// The checkpoint to store next; nil if the stored one suffices.
    func dueCheckpoint() -> ClockCheckpoint?
    /// A checkpoint of the present.
    /// - Parameter isLast: whether no more times are answered.
    func checkpoint(isLast: Bool) -> ClockCheckpoint
    /// A checkpoint is on disk.
    func stored(_ checkpoint: ClockCheckpoint)
    /// A checkpoint could not be written.
    func failed(_ checkpoint: ClockCheckpoint)
}
