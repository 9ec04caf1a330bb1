import Denylist

/// The records to be written, in order, and the log's progress. Its lock is held only while one record is copied.
struct AppendQueue: ~Copyable {
    /// Records that the writer has not taken yet.
    private(set) var records: [UInt8] = []
    /// The position after the last record. Not 0 before the first one: a reply that relies on what was recovered waits
    /// for this position, and 0 is none to wait for.
    private(set) var end: UInt64 = 1
    /// Records up to this position are in the file, and those who follow the log may read them.
    private(set) var written: UInt64 = 0
    /// Records up to this position are on disk.
    private(set) var durable: UInt64 = 0
    /// The position after the last record that takes something away that has not expired.
    private var undoEnd: UInt64 = 0
    /// The size of the base and the increments, in bytes.
    private(set) var size = 0
    private(set) var state = LogState.off
    var policy: SyncPolicy { willSet { notePromise() } }
    /// Writes up to this position may have been answered before they were on disk, under an earlier policy or state.
    private var promised: UInt64 = 0
    /// Whether an append must wake the writer.
    var isWriterAsleep = false
    /// Whether the disk is so slow that even `everysec` and `no` acknowledge only records in the file.
    var isCongested = false

    /// When the disk began with the records that were taken.
    private(set) var writingSince: ContinuousClock.Instant?

    /// How the next record's expiry is written, and how that of the first one in ``records`` is.
    private(set) var note: TimeNote
    private var firstNote: TimeNote

    init(policy: SyncPolicy, run: UInt64) {
        self.policy = policy
        note = TimeNote(run: run, shift: 0, guarded: 0)
        firstNote = note
    }

    /// Goes on where the log on disk ends.
    mutating func begin(at position: UInt64) {
        precondition(records.isEmpty && position > 0, "positions are given once")
        end = position
    }

    // MARK: Appending

    /// The record that was appended last takes away what has not expired.
    mutating func noteUndo() { undoEnd = end }

    /// Whether records are kept at all.
    private var isKept = false
    /// Whether records are part of a group, which begins with the next one unless ``group`` says where it began.
    private(set) var isInGroup = false
    private var group: OpenGroup?

    /// A group whose end has not been appended.
    private struct OpenGroup {
        /// Where it begins in ``records``, and in the log.
        var start: Int
        let position: UInt64
        /// How its first record's expiry is written.
        let note: TimeNote
    }

    /// Whether the writer has nothing to do: no records, or a failed disk.
    var isIdle: Bool {
        if case .failed = state { return true }
        return group.map { $0.start == 0 } ?? records.isEmpty
    }

    /// Appends the records that `encode` writes.
    /// - Parameter moment: the time of the changes; nil if none of them has an expiry.
    /// - Returns: whether to wake the writer.
    mutating func append(at moment: ClockReading?, _ encode: (inout [UInt8], TimeNote) -> Void) -> Bool {
        guard isKept else {
            // Positions always advance, so those before and after a failure differ.
            end += 1
            return false
        }
        if isInGroup, group == nil { openGroup(at: moment) }
        let before = records.count
        if let moment { follow(moment) }
        if before == 0 { firstNote = note }
        // Notes are no records: those who read the log from a position on do not count them.
        let first = records.count
        encode(&records, note)
        end += UInt64(records.count - first)
        if records.count > AppendLog.backlogLimit { isCongested = true }
        guard isWriterAsleep || before < AppendLog.largeBatch && records.count >= AppendLog.largeBatch else {
            return false
        }
        return wakesWriter()
    }

    /// - Returns: whether to wake the writer, which takes nothing of an open group.
    private mutating func wakesWriter() -> Bool {
        guard !isInGroup else { return false }
        isWriterAsleep = false
        return true
    }

    /// Ensures that expiries are shifted as the moment requires, and notes each change of the shift in the log.
    @inline(__always)
    private mutating func follow(_ moment: ClockReading) {
        let fits = note.fits(moment)
        note = TimeNote(
            run: note.run, shift: fits ? note.shift : moment.shift, guarded: max(note.guarded, moment.guarded))
        if !fits, !records.isEmpty { records += note.line }
    }

    // MARK: Groups

    /// What is appended until ``endGroup()`` is replayed together or not at all: the writer takes it as one.
    mutating func beginGroup() {
        precondition(!isInGroup, "groups are not nested")
        isInGroup = true
    }

    /// - Returns: whether to wake the writer.
    mutating func endGroup() -> Bool {
        isInGroup = false
        guard group != nil else { return false }
        group = nil
        let before = records.count
        RecordEncoding.appendGroupEnd(to: &records)
        end += UInt64(records.count - before)
        guard isWriterAsleep || records.count >= AppendLog.largeBatch else { return false }
        return wakesWriter()
    }

    private mutating func openGroup(at moment: ClockReading?) {
        if let moment { follow(moment) }
        if records.isEmpty { firstNote = note }
        let before = records.count
        group = OpenGroup(start: before, position: end, note: note)
        RecordEncoding.appendGroupStart(to: &records)
        end += UInt64(records.count - before)
    }

    // MARK: Taking

    /// Moves the records behind those of a batch that was not written, or exchanges them for an empty batch. Those of
    /// an open group stay.
    /// - Parameter notes: those of the batch.
    /// - Returns: the position after them.
    mutating func take(_ batch: inout [UInt8], _ notes: inout BatchNotes?) -> UInt64 {
        guard let open = group else { return takeAll(&batch, &notes) }
        guard open.start > 0 else { return open.position }
        let (kept, last) = (Array(records[open.start...]), note)
        records.removeLast(kept.count)
        note = open.note
        _ = takeAll(&batch, &notes)
        (records, note, firstNote) = (kept, last, open.note)
        group?.start = 0
        return open.position
    }

    private mutating func takeAll(_ batch: inout [UInt8], _ notes: inout BatchNotes?) -> UInt64 {
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

    /// Writes up to this position may be answered.
    var acknowledged: UInt64 {
        switch state {
        case .off, .starting: .max
        case .failed: durable
        case .running: policy == .always ? durable : isCongested ? written : .max
        }
    }

    private var answersEarly: Bool { state == .running && policy != .always }

    private mutating func notePromise() {
        if answersEarly { promised = end }
    }

    /// Whether every acknowledged write is on disk.
    var isComplete: Bool { durable >= (answersEarly ? end : promised) }

    /// Records are in the file that the disk does not have for sure. Those who follow the log may have them now, unless
    /// one of them takes something away: if the disk loses it, the revocation is back that they have forgotten.
    /// - Returns: whether they may.
    mutating func offer(written: UInt64) -> Bool {
        guard undoEnd <= durable else { return false }
        self.written = written
        return true
    }

    mutating func advance(written: UInt64, durable: UInt64, size: Int) {
        self.size = size
        self.written = written
        self.durable = durable
        writingSince = nil
        isCongested = records.count > AppendLog.backlogLimit
    }

    /// Sets the state, and whether records are kept from now on.
    mutating func become(_ state: LogState, keeping isKept: Bool) {
        notePromise()
        self.state = state
        writingSince = nil
        if isKept != self.isKept {
            self.isKept = isKept
            records = []
            group = nil
            isCongested = false
        }
    }
}

/// What the log is doing.
package enum LogState: Sendable, Equatable {
    /// In memory only: nothing is logged.
    case off
    /// A log is being written for a denylist that was in memory only. Until it is durable, nothing is promised.
    case starting
    case running
    /// The disk failed, for this reason. No write is acknowledged until the log is complete again.
    case failed(String)
}

/// The notes for the first and the last record of a batch. If they differ, the batch contains the change.
struct BatchNotes {
    var first: TimeNote
    var last: TimeNote
}
