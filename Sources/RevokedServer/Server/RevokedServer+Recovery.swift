import Denylist
import Foundation
import Logging
import Persistence
import Settings
import Synchronization

/// The data directory: taken at the start, read while clients are told to wait, let go at the end.
extension RevokedServer {
    enum Phase: Sendable {
        /// Nobody works with the data directory.
        case resting
        /// A thread reads it.
        case loading
        /// A thread has read it, and begins to write. An end of the daemon waits for it.
        case beginning
        /// A thread lets it go as soon as it can: the daemon is ending.
        case abandoned

        /// - Returns: false if the daemon is ending.
        fileprivate mutating func begin() -> Bool {
            guard self == .loading else { return false }
            self = .beginning
            return true
        }
    }

    /// Takes the data directory.
    func openDirectory() throws(ServerError) {
        let settings = daemon.configuration
        guard let directory = settings.directory else { return }
        var configuration = PersistenceConfiguration(directory: directory)
        configuration.isLogging = settings.isLogging
        configuration.policy = settings.syncPolicy
        configuration.rewritePercentage = settings.rewritePercentage
        configuration.rewriteMinimum = settings.rewriteMinimum
        configuration.skipsUnsupported = settings.skipsUnsupported
        do throws(PersistenceError) {
            let persistence = try daemon.denylist.persistence(
                configuration, clock: daemon.clock,
                onProgress: { [weak daemon] in daemon?.logHasProgressed() },
                notify: { [weak daemon] in daemon?.log($0) })
            daemon.directoryTakenAt.store(daemon.clock.uptime(), ordering: .relaxed)
            daemon.keep(by: persistence)
        } catch {
            guard error.code == .disk else { throw ServerError(error) }
            throw ServerError(
                .data,
                "the data directory cannot be used: \(error). Choose one that this user may write, with --dir (REVOKED_DIR)"
            )
        }
    }

    /// Reads the data directory, if there is one; then every command is executed.
    /// - Parameter onProgress: told every few seconds how far it has come.
    /// - Returns: false if the daemon was asked to end before that.
    /// - Throws: ``ServerError/Code/data`` that names the damaged or missing file and says what to do. Nothing was
    ///   served.
    @discardableResult
    package func recover(
        onProgress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(ServerError) -> Bool {
        guard let persistence = daemon.persistence else { return true }
        phase.withLock { $0 = .loading }
        Thread.detachNewThread { [self] in load(persistence, onProgress) }
        for await result in recovery.stream {
            let report = try result.get()
            daemon.logger.info("\(report.summary(of: daemon))")
            return true
        }
        return false
    }

    private func load(_ persistence: Persistence, _ onProgress: @escaping (String) -> Void) {
        let result: Result<RecoveryReport, ServerError>
        do throws(PersistenceError) {
            let report = try read(persistence, onProgress)
            guard phase.withLock({ $0.begin() }) else { return letGo(persistence) }
            if daemon.configuration.trustsClock { daemon.trustClockAtStart() }
            let (epoch, isNew) = try persistence.begin()
            daemon.adopt(epoch, isNew: isNew)
            daemon.awaitEarlierReplicas(persistence)
            if daemon.configuration.trustsClock { try daemon.trustClockBeforeServing() }
            daemon.loading.end()
            try daemon.importer?.start(persistence, isBelieved: !epoch.isPending)
            result = .success(report)
        } catch {
            result = .failure(ServerError(error))
        }
        let isAbandoned = phase.withLock { phase in
            defer { phase = .resting }
            return phase == .abandoned
        }
        if isAbandoned { persistence.end() }
        hasBegun.signal()
        recovery.continuation.yield(result)
        recovery.continuation.finish()
    }

    private func letGo(_ persistence: Persistence) {
        phase.withLock { $0 = .resting }
        persistence.end()
    }

    private func read(
        _ persistence: Persistence, _ onProgress: @escaping (String) -> Void
    ) throws(PersistenceError) -> RecoveryReport {
        var line = LoadingReport(daemon, onProgress)
        defer { line.end() }
        return try persistence.recover { [daemon] done, total in
            daemon.loading.advance(to: done, of: total)
            line.update()
        }
    }

    /// Writes what is left to write, and lets the directory go: at once, or, while it is still being read, when that
    /// has ended. A process that ended amid the first writes would leave the mark of an unclean end for nothing.
    func endPersistence() async {
        guard let persistence = daemon.persistence else { return }
        let before = phase.withLock { phase in
            defer { if phase != .resting { phase = .abandoned } }
            return phase
        }
        guard before == .resting || before == .beginning else { return }
        await withCheckedContinuation { done in
            // It waits for the disk.
            Thread.detachNewThread { [hasBegun] in
                if before == .resting { persistence.end() } else { hasBegun.wait() }
                done.resume()
            }
        }
    }
}

extension Daemon {
    fileprivate func log(_ notice: PersistenceNotice) {
        switch notice {
        case .info(let text): logger.info("\(text)")
        case .warning(let text): logger.warning("\(text)")
        case .error(let text): logger.error("\(text)")
        }
    }
}

extension RecoveryReport {
    fileprivate func summary(of daemon: Daemon) -> String {
        let milliseconds = daemon.clock.uptime() - daemon.loading.begun
        let what =
            switch source {
            case .nothing: "nothing on disk yet"
            case .log: "the log"
            case .dump: "dump.rdb"
            }
        return "loaded \(what): \(counts.records) records of \(MemorySize.describe(bytes)) in \(milliseconds) ms; "
            + "\(daemon.denylist.statistics.entries) entries live, \(expired) expired, \(counts.skipped) passed over"
            + (uncleanReason.map { "; the epoch is new: \($0)" } ?? "") + Self.lag(daemon.clock.now())
    }
}

extension RecoveryReport {
    private static func lag(_ now: ClockReading) -> String {
        guard now.shift >= 1000 else { return "" }
        return
            "; guarded time is \(now.shift / 1000) s behind the wall clock, which ends nothing early; only if that clock is "
            + "right, --trust-clock ends what is kept longer by as much"
    }
}

extension ServerError {
    fileprivate init(_ error: PersistenceError) { self.init(.data, error.message) }
}
