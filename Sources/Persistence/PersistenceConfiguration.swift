/// How the denylist is kept on disk. Sizes in bytes.
package struct PersistenceConfiguration: Sendable {
    /// The data directory; created with permissions 0700 if it does not exist.
    package var directory: String
    /// Whether there is a log: `appendonly`.
    package var isLogging = true
    /// `appendfsync`.
    package var policy = SyncPolicy.always
    /// The log is rewritten when it has grown by this many percent of its base; 0 is never:
    /// `auto-aof-rewrite-percentage`.
    package var rewritePercentage = 100
    /// … and has this size: `auto-aof-rewrite-min-size`.
    package var rewriteMinimum = 64 << 20
    /// Whether to skip and count keys of other types in Redis' files, instead of failing.
    package var skipsUnsupported = false

    package init(directory: String) { self.directory = directory }
}

/// A message for the operator, in the daemon's log.
package enum PersistenceNotice: Sendable {
    case info(String)
    case warning(String)
    case error(String)
}

/// The figures of `INFO persistence`.
package struct PersistenceInformation: Sendable {
    package var state = LogState.off
    package var policy = SyncPolicy.always
    package var isRewriting = false
    package var isSaving = false
    package var lastRewriteFailed = false
    package var lastSaveFailed = false
    /// Unix seconds of the last `dump.rdb`, or of the start if there was none.
    package var lastSave: Int64 = 0
    package var rewrites = 0
    package var saves = 0
    /// The size of the base and the increments, in bytes.
    package var size = 0
    /// The size of the base alone: what the last rewrite left.
    package var baseSize = 0
    /// The number of bytes to be written.
    package var backlog = 0
    /// Whether the directory has the mark of an unclean end: if the process is killed now, the epoch is lost.
    package var isMarkedUnclean = false
    /// Whether a copy of the directory would be noticed.
    package var noticesCopies = true
    /// Positions.
    package var end: UInt64 = 0
    package var durable: UInt64 = 0
}
