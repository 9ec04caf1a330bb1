/// What recovery found.
public struct RecoveryReport: Sendable {
    public enum Source: Sendable, Equatable {
        /// Nothing: the denylist is new.
        case nothing
        /// The append-only log.
        case log
        /// A `dump.rdb`, which knows nothing of what came after it.
        case dump
    }

    public var source = Source.nothing
    /// Records of all files, and those that were passed over as asked.
    public var counts = RecordCounts()
    /// Entries that had expired when they were read.
    public var expired = 0
    /// Bytes that were read.
    public var bytes = 0
    /// What was cut off: a write that a crash interrupted.
    public var cuts: [Cut] = []
    /// Complete records at the end that no line of ours vouches for, in bytes: they are kept.
    public var unsealedBytes = 0
    /// Whether the log says that it was ended in order.
    public var wasEndedInOrder = false
    /// Why the denylist has to get a new epoch: it cannot prove that nothing acknowledged is missing. nil if it can, or if
    /// there was nothing.
    public var doubt: String?
    /// Whether the log, or the `dump.rdb`, was of ours.
    var isOurs = false
    /// What the directory tells of time.
    public var clocks = ClockEvidence()
    /// Expiries of guarded keys that were not written by us with a note of how: Unix time, as another server sees it.
    public var foreignExpiries = 0

    public struct Cut: Sendable, Equatable {
        public var file: String
        public var offset: Int
        public var bytes: Int
        public var reason: String
    }
}
