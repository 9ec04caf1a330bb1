/// When the log is made durable: Redis' `appendfsync`.
package enum SyncPolicy: String, Sendable, CaseIterable {
    /// Before a write is acknowledged. Many writers share one fdatasync.
    case always
    /// Once a second. A power loss or a killed process may lose up to two seconds of writes.
    case everysec
    /// When the operating system chooses to.
    case no
}
