import Denylist
import Synchronization

/// What is done about a disk that is full or fails, and about a log that grows.
extension Persistence {
    /// Once a second.
    func attend(at now: ContinuousClock.Instant = .now) {
        do throws(FileError) {
            switch log.state {
            case .off, .starting: return
            case .failed: try goOn(at: now)
            case .running:
                renewEpochFile()
                if isRewriteDue(at: now) { try compact() }
            }
            // It may have stayed because the disk failed.
            try commitment.withLock { _ throws(FileError) in try clearMarkIfComplete() }
        } catch {
            // The log's own state tells of it; a rewrite that failed has been told.
        }
    }

    /// Tries whether the disk takes writes again: in the same file if it was only full, which takes little room, else
    /// with a new log, which takes as much as all entries.
    private func goOn(at now: ContinuousClock.Instant) throws(FileError) {
        guard figures.withLock({ $0.retries.isDue(at: now) }) else { return }
        let bytes = log.bytesToResume
        // Without room nothing is tried: it would take from others what there is.
        guard hasRoom(for: bytes ?? baseEstimate) else { return }
        do throws(FileError) {
            if bytes != nil { try log.resume() } else { try renew() }
        } catch {
            figures.withLock { $0.retries.failed(at: now) }
            throw error
        }
        figures.withLock { $0.retries.succeeded() }
        notify(
            .warning(
                bytes == nil
                    ? "the disk is back: a new log is complete, writes are accepted again"
                    : "there is room on the disk again: the log goes on, writes are accepted again"))
    }

    private func isRewriteDue(at now: ContinuousClock.Instant) -> Bool {
        let (percentage, minimum) = settings.withLock { ($0.rewritePercentage, $0.rewriteMinimum) }
        guard percentage > 0 else { return false }
        let size = log.size
        return figures.withLock { figures in
            let base = max(figures.baseSize, 1)
            return size >= minimum && Double(size - base) * 100 / Double(base) >= Double(percentage)
                && now >= figures.rewritesAgain
        }
    }

    /// No rewrite of its own accord follows one that failed sooner than this.
    static let rewritePause = Duration.seconds(60)

    // MARK: Room

    /// At most how many bytes a new base takes: every entry is in the log, too, and takes more there.
    var baseEstimate: Int {
        let statistics = denylist.statistics
        return min(log.size, statistics.bytes + statistics.entries * Self.entryOverhead)
    }

    /// What an entry takes in a file beyond what it takes in memory, at most, in bytes.
    private static let entryOverhead = 64

    private func hasRoom(for bytes: Int) -> Bool {
        // Of a directory that is gone nothing is known.
        guard let room = try? data.files.room(at: data.path) else { return true }
        return room >= bytes
    }

    func requireRoom(_ bytes: Int) throws(FileError) {
        guard hasRoom(for: bytes) else { throw .noRoom(data.path) }
    }
}
