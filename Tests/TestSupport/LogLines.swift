package import Logging
import Synchronization

/// A log that keeps every line, whatever its level.
package final class LogLines: Sendable {
    private let kept = Mutex<[String]>([])

    package var lines: [String] { kept.withLock { $0 } }

    package init() {}

    package var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private func append(_ line: String) { kept.withLock { $0.append(line) } }

    private struct Handler: LogHandler {
        let log: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let error = event.error.map { "\($0)" } ?? ""
            log.append("\(event.level) \(event.message) \(metadata) \(event.metadata ?? [:]) \(error)")
        }
    }
}
