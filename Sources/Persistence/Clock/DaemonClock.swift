package import Denylist

/// The daemon's clocks, as persistence asks them for what has to survive.
package protocol DaemonClock: AnyObject, Sendable {
    /// Goes on where the data directory says that the clocks were left. Called once, before any entry is read.
    func resume(after evidence: ClockEvidence)
    /// The checkpoint that has to be on disk next; nil while the last one does.
    func dueCheckpoint() -> ClockCheckpoint?
    /// A checkpoint of now.
    /// - Parameter isLast: whether no time is answered any more.
    func checkpoint(isLast: Bool) -> ClockCheckpoint
    /// A checkpoint is on disk.
    func stored(_ checkpoint: ClockCheckpoint)
    /// A checkpoint could not be written.
    func failed(_ checkpoint: ClockCheckpoint)
}
