import Synchronization

/// How a process writes its log: as lines for people, or as one JSON object a line.
package enum LogFormat: String, Sendable, CaseIterable {
    case text
    case json

    private static let chosen = Mutex(LogFormat.text)

    /// That of loggers made from now on.
    package static var current: LogFormat {
        get { chosen.withLock { $0 } }
        set { chosen.withLock { $0 = newValue } }
    }
}
