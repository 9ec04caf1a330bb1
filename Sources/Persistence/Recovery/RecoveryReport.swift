/// What recovery found.
package struct RecoveryReport: Sendable {
    package enum Source: Sendable, Equatable {
        /// Nothing: the denylist is new.
        case nothing
        /// The append-only log.
        case log
        /// A `dump.rdb`, which knows nothing of what came after it.
        case dump
    }

    package var source = Source.nothing
    /// Records of all files, and those that were passed over as asked.
    package var counts = RecordCounts()
    /// Entries that had expired when they were read.
    package var expired = 0
    /// Bytes that were read.
    package var bytes = 0
    /// What was cut off: a write that a crash interrupted.
    package var cuts: [Cut] = []
    /// Complete records at the end that no line of ours vouches for, in bytes: they are kept.
    package var unsealedBytes = 0
    /// Whether the log says that it was ended in order.
    package var wasEndedInOrder = false
    /// Why the denylist has to get a new epoch: it cannot prove that nothing acknowledged is missing. nil if it can, or
    /// if there was nothing.
    package var doubt: String?
    /// Whether the log, or the `dump.rdb`, was of ours.
    var isOurs = false
    /// What the directory tells of time.
    package var clocks = ClockEvidence()
    /// Expiries of guarded keys that were not written by us with a note of how: Unix time, as another server sees it.
    package var foreignExpiries = 0

    package struct Cut: Sendable, Equatable {
        package var file: String
        package var offset: Int
        package var bytes: Int
        package var reason: String
    }
}
