import Denylist
import Foundation
import Logging
import ProcessOutput
import Settings

/// Tells of the loading: on a terminal as one line that changes, in the log every few seconds.
struct LoadingReport {
    private static let lineInterval = Duration.milliseconds(100)
    private static let logInterval = Duration.seconds(5)

    private let daemon: Daemon
    private let onProgress: (String) -> Void
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var nextLine = ContinuousClock.now + Self.lineInterval
    private var nextLog = ContinuousClock.now + Self.logInterval
    private var hasLine = false

    /// - Parameter onProgress: told as often as the log.
    init(_ daemon: Daemon, _ onProgress: @escaping (String) -> Void) {
        self.daemon = daemon
        self.onProgress = onProgress
    }

    /// Called often.
    mutating func update() {
        let now = ContinuousClock.now
        if isTerminal, now >= nextLine {
            nextLine = now + Self.lineInterval
            hasLine = true
            write("\r\(text)\u{1B}[K")
        }
        guard now >= nextLog else { return }
        nextLog = now + Self.logInterval
        daemon.logger.info("\(text)")
        onProgress(text)
    }

    /// Takes the line away.
    func end() { if hasLine { write("\r\u{1B}[K") } }

    private var text: String {
        let loading = daemon.loading
        let size = MemorySize.describe(loading.progress.total)
        return "loading: \(Int(loading.percentage)) % of \(size), "
            + "\(loading.secondsLeft(at: daemon.clock.uptime())) s left"
    }

    private func write(_ text: String) { BackgroundOutput.standardError.write(text) }
}
