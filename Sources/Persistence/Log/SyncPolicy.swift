/// When the log is made durable: Redis' `appendfsync`.
package enum SyncPolicy: String, Sendable, CaseIterable {
    /// Before a write is acknowledged. Many writers share one fdatasync.
    case always
    /// Once a second: a power loss, or an end of the process by force, may take what is younger than two.
    case everysec
    /// When the system likes.
    case no
}
