/// How the denylist is kept on disk. Sizes in bytes.
package struct PersistenceConfiguration: Sendable {
    /// The data directory; created (0700) if it is not there.
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
    /// Whether to pass over keys of other types in files of Redis, and count them, instead of failing.
    package var skipsUnsupported = false

    package init(directory: String) { self.directory = directory }
}

/// Something that whoever runs the daemon should read in its log.
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
    /// Unix seconds of the last `dump.rdb`, of the start if there was none.
    package var lastSave: Int64 = 0
    package var rewrites = 0
    package var saves = 0
    /// Of base and increments, in bytes.
    package var size = 0
    /// Of the base alone: what the last rewrite left.
    package var baseSize = 0
    /// Bytes that wait to be written.
    package var backlog = 0
    /// Whether the directory bears the mark of an unclean end: an end by force now would cost the epoch.
    package var isMarkedUnclean = false
    /// Whether a copy of the directory would be noticed by itself.
    package var noticesCopies = true
    /// Positions.
    package var end: UInt64 = 0
    package var durable: UInt64 = 0
}
