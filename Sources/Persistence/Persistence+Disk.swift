import Denylist
import Synchronization

/// Handles a full or failed disk, and a growing log.
extension Persistence {
    /// Called once a second.
    func runPeriodic(at now: ContinuousClock.Instant = .now) {
        do throws(FileError) {
            switch log.state {
            case .off, .starting: return
            case .failed: try goOn(at: now)
            case .running:
                renewEpochFile()
                if isRewriteDue(at: now) { try compact() }
            }
            // The mark may have stayed because the disk failed.
            try commitment.withLock { _ throws(FileError) in try clearMarkIfComplete() }
        } catch {
            // The log's state shows its failure, and a failed rewrite was reported.
        }
    }

    /// Tries whether the disk takes writes again. A log that was only out of room continues in its file, which needs
    /// little room. Any other failure needs a new log, as large as all entries.
    private func goOn(at now: ContinuousClock.Instant) throws(FileError) {
        guard figures.withLock({ $0.retries.isDue(at: now) }) else { return }
        let bytes = log.bytesToResume
        do throws(FileError) {
            if bytes == nil { try acquireOrExplain() }
            // Without enough room nothing is tried: a failed try would take room from others.
            guard hasRoom(for: bytes) else { return }
            if bytes != nil { try log.resume() } else { try renew() }
        } catch {
            figures.withLock { $0.retries.failed(at: now) }
            throw error
        }
        figures.withLock { figures in
            figures.retries.succeeded()
            figures.obstacle = nil
        }
        notify(
            .warning(
                bytes == nil
                    ? "the disk is back: a new log is complete, writes are accepted again"
                    : "there is room on the disk again: the log goes on, writes are accepted again"))
    }

    private func acquireOrExplain() throws(FileError) {
        do throws(FileError) { try acquire() } catch {
            explain(error)
            throw error
        }
    }

    /// Tells clients why no new log is begun, and the operator, once for each reason.
    private func explain(_ error: FileError) {
        log.fail(error)
        let isKnown = figures.withLock { figures in
            defer { figures.obstacle = error.code }
            return figures.obstacle == error.code
        }
        if !isKnown { notify(.error("no new log can be begun, and writes are refused: \(error)")) }
    }

    /// Uses the directory that has the path now. A log in another one fails first.
    func acquire() throws(FileError) {
        try data.acquire {
            switch log.state {
            case .running: log.fail(.gone(data.path))
            case .failed where log.bytesToResume != nil: log.fail(.gone(data.path))
            case .failed, .off, .starting: break
            }
        }
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

    /// The pause between a failed rewrite and the next automatic one.
    static let rewritePause = Duration.seconds(60)

    // MARK: Room

    /// The largest size of a file with all entries, in bytes.
    private var baseEstimate: Int {
        let statistics = denylist.totalStatistics
        let bytes = statistics.bytes + statistics.entries * Self.entryOverhead
        // Every entry is in the log, too, and takes more room there.
        return log.state == .off ? bytes : min(log.size, bytes)
    }

    /// By how many bytes an entry in a file may exceed its size in memory.
    private static let entryOverhead = 64

    // The room of a missing directory is unknown.
    private var room: Int { (try? data.files.room(at: data.path)) ?? .max }

    /// - Parameter bytes: what the failed log needs to continue in its file; nil if it needs a new one.
    private func hasRoom(for bytes: Int?) -> Bool {
        let (room, needed) = (room, bytes ?? baseEstimate)
        guard room < needed else { return true }
        if bytes == nil { explain(.noRoom(data.path, for: needed, of: room)) }
        return false
    }

    /// Throws without room for a file of all entries, and for the records that the log takes meanwhile.
    func requireRoom() throws(FileError) {
        let (room, estimate) = (room, baseEstimate)
        let needed = estimate + min(1 << 16 + estimate / 16, 16 << 20)
        guard room >= needed else { throw .noRoom(data.path, for: needed, of: room) }
    }

    /// Throws if the log has no room: what another file has taken is given back to it.
    func yieldRoom() throws(FileError) {
        guard log.refusesWrites, let failure = log.failure, failure.isOutOfRoom else { return }
        throw failure
    }
}
