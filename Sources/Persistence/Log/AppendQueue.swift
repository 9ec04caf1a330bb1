import Denylist

/// The records that wait to be written, in their order, and how far the log has come. Behind a lock that is held for
/// as long as it takes to copy one record.
struct AppendQueue: ~Copyable {
    /// Records that nobody has taken to be written yet.
    private(set) var records: [UInt8] = []
    /// The position after the last record.
    private(set) var end: UInt64 = 0
    /// Up to here the records are in the file.
    private(set) var written: UInt64 = 0
    /// Up to here they are on disk.
    private(set) var durable: UInt64 = 0
    /// Of base and increments, in bytes.
    private(set) var size = 0
    private(set) var state = LogState.off
    var policy: SyncPolicy
    /// Whether whoever appends has to ring.
    var isWriterAsleep = false
    /// Whether the disk is so slow that even `everysec` and `no` acknowledge only what is in the file.
    var isCongested = false

    /// Since when the disk has been at work on what was taken.
    private(set) var writingSince: ContinuousClock.Instant?

    /// How the expiries of the next record are written, and how those of the first one in ``records`` are.
    private(set) var note: TimeNote
    private var firstNote: TimeNote

    init(policy: SyncPolicy, run: UInt64) {
        self.policy = policy
        note = TimeNote(run: run, shift: 0, guarded: 0)
        firstNote = note
    }

    // MARK: Appending

    /// Whether records are kept at all.
    private var isKept = false

    /// Whether there is nothing for the writer to do: no records, or a disk that fails.
    var isIdle: Bool {
        if case .failed = state { return true }
        return records.isEmpty
    }

    /// Appends the records that `encode` writes.
    /// - Parameter moment: of what they tell of; nil if none of them has an expiry.
    /// - Returns: whether to ring.
    mutating func append(at moment: ClockReading?, _ encode: (inout [UInt8], TimeNote) -> Void) -> Bool {
        guard isKept else {
            // Positions go on, so that those before and after a failure can be told apart.
            end += 1
            return false
        }
        let before = records.count
        if let moment { follow(moment) }
        if before == 0 { firstNote = note }
        encode(&records, note)
        end += UInt64(records.count - before)
        if records.count > AppendLog.backlogLimit { isCongested = true }
        guard isWriterAsleep || before < AppendLog.largeBatch && records.count >= AppendLog.largeBatch else {
            return false
        }
        isWriterAsleep = false
        return true
    }

    /// Sees to it that expiries are put off by what the moment asks for, and says in the log where that changes.
    @inline(__always)
    private mutating func follow(_ moment: ClockReading) {
        let fits = note.fits(moment)
        note = TimeNote(
            run: note.run, shift: fits ? note.shift : moment.shift, guarded: max(note.guarded, moment.guarded))
        if !fits, !records.isEmpty { records += note.line }
    }

    /// Moves the records behind those of a batch that was not written, or exchanges them for an empty one.
    /// - Parameter notes: those of the batch.
    /// - Returns: the position after them.
    mutating func take(_ batch: inout [UInt8], _ notes: inout BatchNotes?) -> UInt64 {
        if batch.isEmpty {
            swap(&records, &batch)
            notes = BatchNotes(first: firstNote, last: note)
        } else if !records.isEmpty {
            if notes?.last.shift != firstNote.shift { batch += firstNote.line }
            batch += records
            records.removeAll(keepingCapacity: true)
            notes?.last = note
        }
        writingSince = .now
        return end
    }

    // MARK: Progress

    /// Up to here, writes may be answered.
    var acknowledged: UInt64 {
        switch state {
        case .off, .starting: .max
        case .failed: durable
        case .running: policy == .always ? durable : isCongested ? written : .max
        }
    }

    mutating func advance(written: UInt64, durable: UInt64, size: Int) {
        self.size = size
        self.written = written
        self.durable = durable
        writingSince = nil
        isCongested = records.count > AppendLog.backlogLimit
    }

    /// From here on records are kept, or not.
    mutating func become(_ state: LogState, keeping isKept: Bool) {
        self.state = state
        writingSince = nil
        if isKept != self.isKept {
            self.isKept = isKept
            records = []
            isCongested = false
        }
    }
}

/// What the log is doing.
package enum LogState: Sendable, Equatable {
    /// Nothing is logged: memory only.
    case off
    /// A log is being written for what was memory only; until it is durable, nothing is promised.
    case starting
    case running
    /// The disk failed, for this reason: no write is acknowledged until a new log has been written completely.
    case failed(String)
}

/// The notes that hold for the first and for the last record of a batch: where they differ, the batch says so itself.
struct BatchNotes {
    var first: TimeNote
    var last: TimeNote
}
