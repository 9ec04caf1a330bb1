import Dispatch
import Synchronization

extension AppendLog {
    /// Under `everysec` and `no`, how long records are gathered before they are written.
    private static let gathering = DispatchTimeInterval.milliseconds(20)
    /// How long after the last write a seal records that everything is on disk.
    private static let sealDelay = DispatchTimeInterval.milliseconds(100)
    /// If the disk takes longer than this, `everysec` acknowledges only records that are in the file.
    private static let patience = Duration.seconds(1)

    /// Writes appended records until `isEnding` returns true. ``wake()`` makes it look again.
    func run(until isEnding: @Sendable () -> Bool) {
        while !isEnding() {
            let (isIdle, policy) = queue.withLock { queue in
                queue.isWriterAsleep = queue.isIdle
                return (queue.isWriterAsleep, queue.policy)
            }
            if isIdle { sleep(policy) }
            let isWorkWaiting = queue.withLock { queue in
                queue.isWriterAsleep = false
                return !queue.isIdle
            }
            // More records usually follow the one that woke this thread: writing at once would wake it for each few of
            // them.
            if policy != .always, isWorkWaiting, !isEnding() { _ = doorbell.wait(timeout: .now() + Self.gathering) }
            commit()
        }
    }

    func wake() { doorbell.signal() }

    /// Sleeps until a record is appended, or a seal or sync is due.
    private func sleep(_ policy: SyncPolicy) {
        let (needsSync, needsSeal) = writer.withLock { writer in
            writer.failure == nil ? (writer.needsSync, writer.needsSeal) : (false, false)
        }
        if needsSync, policy == .everysec {
            _ = doorbell.wait(timeout: .now() + .milliseconds(100))
        } else if needsSeal {
            if doorbell.wait(timeout: .now() + Self.sealDelay) == .timedOut { seal() }
        } else {
            doorbell.wait()
        }
    }

    /// Called several times a second. While the disk blocks the log's thread, `everysec` and `no` do not acknowledge
    /// records that are only in memory.
    package func checkPace() {
        let isLate = queue.withLock { queue in
            guard queue.state == .running, queue.policy != .always, queue.end > queue.written else { return false }
            guard let since = queue.writingSince else { return false }
            return ContinuousClock.now - since > Self.patience
        }
        if isLate { update { if $0.writingSince != nil { $0.isCongested = true } } }
    }
}
