/// How the denylist is kept on disk. Sizes in bytes.
public struct PersistenceConfiguration: Sendable {
    /// The data directory; created (0700) if it is not there.
    public var directory: String
    /// Whether there is a log: `appendonly`.
    public var isLogging = true
    /// `appendfsync`.
    public var policy = SyncPolicy.always
    /// The log is rewritten when it has grown by this many percent of its base; 0 is never:
    /// `auto-aof-rewrite-percentage`.
    public var rewritePercentage = 100
    /// … and has this size: `auto-aof-rewrite-min-size`.
    public var rewriteMinimum = 64 << 20
    /// Whether to pass over keys of other types in files of Redis, and count them, instead of failing.
    public var skipsUnsupported = false

    public init(directory: String) { self.directory = directory }
}

/// Something that whoever runs the daemon should read in its log.
public enum PersistenceNotice: Sendable {
    case info(String)
    case warning(String)
    case error(String)
}

/// The figures of `INFO persistence`.
public struct PersistenceInformation: Sendable {
    public var state = LogState.off
    public var policy = SyncPolicy.always
    public var isRewriting = false
    public var isSaving = false
    public var lastRewriteFailed = false
    public var lastSaveFailed = false
    /// Unix seconds of the last `dump.rdb`, of the start if there was none.
    public var lastSave: Int64 = 0
    public var rewrites = 0
    public var saves = 0
    /// Of base and increments, in bytes.
    public var size = 0
    /// Of the base alone: what the last rewrite left.
    public var baseSize = 0
    /// Bytes that wait to be written.
    public var backlog = 0
    /// Whether the directory bears the mark of an unclean end: an end by force now would cost the epoch.
    public var isMarkedUnclean = false
    /// Whether a copy of the directory would be noticed by itself.
    public var noticesCopies = true
    /// Positions.
    public var end: UInt64 = 0
    public var durable: UInt64 = 0
}
