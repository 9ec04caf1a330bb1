/// Where the records on disk stand in the stretches of the processes before this one: what replicas were sent of those,
/// and have, is what the log has up to there.
///
/// The log on disk is a beginning of what those processes wrote, and seals prove each byte of it. A replica is sent
/// records only once they are in the file (``AppendLog/streamEnd``). So one that is not beyond the last seal goes on;
/// one that is has records that a crash took from this log, and copies the whole table.
struct RecoveredStream {
    /// An increment of the log, as it was read.
    struct Increment {
        let path: String
        let salt: UInt64
        /// The size of its records, and of those that a seal vouches for.
        let records: UInt64
        let sealed: UInt64
    }

    /// The stretches that may be continued, the latest first; none if no replica may go on from before.
    let before: [LogStretch.Ended]
    let segments: [LogStretch.Segment]
    let base: LogStretch.Base?
    /// The position after the last record.
    let end: UInt64

    /// - Parameters:
    ///   - contents: what `revoked.stream` says.
    ///   - newestRun: the process of the newest note in the log; 0 without one. Another than the file names has
    ///     appended without it.
    ///   - base: the path of the base.
    /// - Returns: nil if the file does not belong to this log.
    init?(_ contents: StreamFileContents, newestRun: UInt64, base: String?, _ increments: [Increment]) {
        guard [contents.run, contents.earlierRun].contains(newestRun), let last = increments.last,
            let known = increments.firstIndex(where: { $0.salt == contents.salt }),
            increments.dropLast().allSatisfy({ $0.sealed == $0.records })
        else { return nil }
        let earlier = increments[..<known].reduce(0) { $0 + $1.records }
        guard contents.position > earlier else { return nil }
        var position = contents.position - earlier
        self.base = base.map { LogStretch.Base(path: $0, position: position) }
        var segments: [LogStretch.Segment] = []
        for increment in increments {
            segments.append(LogStretch.Segment(increment, at: position))
            position += increment.records
        }
        guard position < StreamFileContents.maximumPosition else { return nil }
        self.segments = segments
        end = position
        let sealedEnd = position - last.records + last.sealed
        let stretches = [LogStretch.Ended(id: contents.stretch, end: sealedEnd)] + contents.before
        before = stretches.prefix(StreamFileContents.maximumBefore).map {
            LogStretch.Ended(id: $0.id, end: min($0.end, sealedEnd))
        }
    }

    /// Continues no stretch: positions count the records of the file that the log goes on in.
    init(beginningIn increment: Increment) {
        before = []
        base = nil
        segments = [LogStretch.Segment(increment, at: 1)]
        end = 1 + increment.records
    }
}

extension LogStretch.Segment {
    fileprivate init(_ increment: RecoveredStream.Increment, at position: UInt64) {
        self.init(path: increment.path, salt: increment.salt, offset: SealLine.headLength, position: position)
    }
}
