import Dispatch
import Synchronization

extension AppendLog {
    /// Under `everysec` and `no`, records are gathered this long before they are written.
    private static let gathering = DispatchTimeInterval.milliseconds(20)
    /// When nothing was written for so long, a line says that all is on disk.
    private static let sealDelay = DispatchTimeInterval.milliseconds(100)
    /// When the disk takes longer than this, `everysec` acknowledges only what is in the file.
    private static let patience = Duration.seconds(1)

    /// Writes what is appended, until `isEnding` says so; ``wake()`` makes it look.
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
            // The one that woke it is rarely the last: to write at once would be to wake up for every few records.
            if policy != .always, isWorkWaiting, !isEnding() { _ = doorbell.wait(timeout: .now() + Self.gathering) }
            commit()
        }
    }

    func wake() { doorbell.signal() }

    /// Until somebody appends, or there is something to do without it.
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

    /// Called some times a second: when the disk keeps the log's thread waiting, `everysec` and `no` no longer
    /// acknowledge what only memory holds.
    package func checkPace() {
        let isLate = queue.withLock { queue in
            guard queue.state == .running, queue.policy != .always, queue.end > queue.written else { return false }
            guard let since = queue.writingSince else { return false }
            return ContinuousClock.now - since > Self.patience
        }
        if isLate { update { if $0.writingSince != nil { $0.isCongested = true } } }
    }
}
