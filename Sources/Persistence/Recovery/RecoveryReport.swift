/// The result of recovery.
package struct RecoveryReport: Sendable {
    package enum Source: Sendable, Equatable {
        /// Nothing: the denylist is new.
        case nothing
        /// The append-only log.
        case log
        /// A `dump.rdb`, which lacks later writes.
        case dump
    }

    package var source = Source.nothing
    /// Records of all files, and the skipped ones.
    package var counts = RecordCounts()
    /// Entries that had expired when they were read.
    package var expired = 0
    /// Bytes that were read.
    package var bytes = 0
    /// What was cut off: a write that a crash interrupted.
    package var cuts: [Cut] = []
    /// Complete records at the end without a seal, in bytes: they are kept.
    package var unsealedBytes = 0
    /// Whether the last seal says that the log was ended in order.
    package var wasEndedInOrder = false
    /// Why the denylist must get a new epoch: an acknowledged write may be missing. nil if none is, or if there was no
    /// data.
    package var uncleanReason: String?
    /// Whether our daemon wrote the log or the `dump.rdb`.
    var isOurs = false
    /// The directory's records of time.
    package var clocks = ClockEvidence()
    /// Expiries of guarded keys without our note of their shift: Unix time, as written by another server.
    package var foreignExpiries = 0
    /// Guarded keys, and terms, that another server kept in other databases: they are in database 0 now.
    package var strays = 0

    package struct Cut: Sendable, Equatable {
        package var file: String
        package var offset: Int
        package var bytes: Int
        package var reason: String
    }
}
