package import Denylist
import Dispatch
package import PrometheusMetrics
public import Synchronization

/// The append-only log: takes records from any thread, and writes them to disk in batches on a thread of its own.
///
/// A record is appended under its key's shard lock, together with the change itself. So for each key, the order in the
/// log is the order in which its values became visible. ``append(set:_:expiry:isGuarded:at:)`` and its siblings return
/// a position: the write may be answered once ``acknowledged`` has reached it. A write that changes nothing waits for
/// ``end``, because the entry that it found may not be on disk yet.
@usableFromInline
package final class AppendLog: Sendable {
    /// A batch of this size, in bytes, is written at once.
    static let largeBatch = 1 << 20
    /// With more queued bytes than this, no policy acknowledges records that are not in the file. The daemon then
    /// executes no more writes until the disk has taken some (``queuedBytes``).
    @inlinable
    package static var backlogLimit: Int { 8 << 20 }

    let queue: Mutex<AppendQueue>
    let writer: Mutex<LogWriter>
    /// For those who read the log's files (``LogTail``).
    let stretch = Mutex(LogStretch())
    let streamFile: StreamFile
    /// Held while a group is appended record by record.
    private let groups = Mutex(())
    /// Written before any record that may depend on it.
    let epochFile: EpochFile
    /// The durations of syncs, in seconds.
    package let syncTimes = Histogram()
    /// Identifies this process in its notes.
    let run: UInt64
    let doorbell = DispatchSemaphore(value: 0)
    @usableFromInline let acknowledgedEnd = Atomic<UInt64>(.max)
    @usableFromInline let lastEnd = Atomic<UInt64>(1)
    @usableFromInline let hasFailed = Atomic<Bool>(false)
    @usableFromInline let queued = Atomic(0)
    /// Called on the changing thread when ``acknowledged`` or ``state`` has changed.
    private let onProgress: @Sendable () -> Void
    let notify: @Sendable (PersistenceNotice) -> Void
    /// Called on the log's thread before it makes records of the file durable; nil while nobody follows the log.
    let onWritten = Mutex<(@Sendable () -> Void)?>(nil)

    init(
        policy: SyncPolicy, epochFile: EpochFile, onProgress: @escaping @Sendable () -> Void,
        notify: @escaping @Sendable (PersistenceNotice) -> Void
    ) {
        self.epochFile = epochFile
        streamFile = StreamFile(epochFile.data)
        run = ClockEvidence.newRun()
        queue = Mutex(AppendQueue(policy: policy, run: run))
        writer = Mutex(LogWriter(syncTimes: syncTimes))
        self.onProgress = onProgress
        self.notify = notify
    }

    // MARK: Appending

    /// Records that the key now has this value and expiry (milliseconds on the key's clock, or `Expiry.never`).
    /// - Parameters:
    ///   - isGuarded: whether the key expires by guarded time.
    ///   - moment: the time of the change. The expiry is written so that it is not early on the later clock.
    @discardableResult
    package func append(
        set key: RawSpan, _ value: RawSpan, expiry: Int64, isGuarded: Bool, at moment: ClockReading
    ) -> UInt64 {
        enqueue(at: moment) { records, note in
            let expiry = note.written(expiry, isGuarded: isGuarded)
            RecordEncoding.appendSet(key, value, expiry: expiry, to: &records)
        }
    }

    /// - Parameter isExpired: whether the entry has expired.
    @discardableResult
    package func append(remove key: RawSpan, isExpired: Bool = false) -> UInt64 {
        withQueue { queue in
            let rings = queue.append(at: nil) { records, _ in RecordEncoding.appendRemove(key, to: &records) }
            if !isExpired { queue.noteUndo() }
            return rings
        }
    }

    /// What replicas hear that changes nothing: it is part of the records, for it counts among their bytes.
    package enum Signal {
        /// That this server is there.
        case ping
        /// They say at once what they have executed.
        case getAcknowledgement
    }

    /// Leaves ``end`` as it is: no write waits for a signal.
    package func append(signal: Signal) {
        let rings = queue.withLock { queue in
            queue.append(at: nil) { records, _ in
                switch signal {
                case .ping: RecordEncoding.appendPing(to: &records)
                case .getAcknowledgement: RecordEncoding.appendGetAcknowledgement(to: &records)
                }
            }
        }
        if rings { ring() }
    }

    /// Appends several records that are replayed together or not at all.
    /// - Parameter moment: as ``append(set:_:expiry:isGuarded:at:)`` takes it; nil if no record has an expiry.
    @discardableResult
    package func append(at moment: ClockReading?, group write: (inout RecordGroup) -> Void) -> UInt64 {
        withQueue { queue in
            let isNested = queue.isInGroup
            var takesAway = false
            if !isNested { queue.beginGroup() }
            _ = queue.append(at: moment) { records, note in
                var group = RecordGroup(note)
                swap(&group.records, &records)
                write(&group)
                group.select(0)
                takesAway = group.takesAway
                swap(&group.records, &records)
            }
            if takesAway { queue.noteUndo() }
            return isNested ? false : queue.endGroup()
        }
    }

    /// All records that are appended while `body` runs are replayed together or not at all. Another thread's would be
    /// among them. Only one group at a time.
    /// - Returns: the position after them.
    package func appendGroup(_ body: () -> Void) -> UInt64 {
        groups.withLock { _ in
            queue.withLock { $0.beginGroup() }
            body()
            return withQueue { $0.endGroup() }
        }
    }

    /// Returns when a group that is being appended is complete.
    func awaitGroup() { groups.withLock { _ in } }

    @inline(__always)
    private func enqueue(at moment: ClockReading?, _ encode: (inout [UInt8], TimeNote) -> Void) -> UInt64 {
        withQueue { $0.append(at: moment, encode) }
    }

    /// - Parameter append: returns whether to wake the writer.
    /// - Returns: the position after the last record.
    @inline(__always)
    private func withQueue(_ append: (inout AppendQueue) -> Bool) -> UInt64 {
        let (position, rings) = queue.withLock { queue in
            let rings = append(&queue)
            lastEnd.store(queue.end, ordering: .relaxed)
            queued.store(queue.records.count, ordering: .relaxed)
            if queue.isCongested { acknowledgedEnd.store(queue.acknowledged, ordering: .releasing) }
            return (queue.end, rings)
        }
        if rings { ring() }
        return position
    }

    // MARK: Progress

    /// Writes up to this position may be answered. Decreases only when the log fails.
    @inlinable
    package var acknowledged: UInt64 { acknowledgedEnd.load(ordering: .acquiring) }

    /// The position after the last record. A write that changed nothing waits for it. Read it under the shard's lock.
    @inlinable
    package var end: UInt64 { lastEnd.load(ordering: .relaxed) }

    /// The position after everything that was appended, signals included: what is appended later is behind it, and its
    /// thread sees what was stored before this call.
    package var currentEnd: UInt64 { queue.withLock { $0.end } }

    /// Whether writes must be refused: the disk has failed. ``acknowledged`` no longer advances.
    @inlinable
    package var refusesWrites: Bool { hasFailed.load(ordering: .acquiring) }

    package var state: LogState { queue.withLock { $0.state } }

    /// Redis' reply to a write while the disk fails; nil while it does not.
    package var refusal: String? {
        // Without the queue's lock while all is well: it is asked for each reply that waits.
        guard refusesWrites, case .failed(let reason) = state else { return nil }
        return "MISCONF Errors writing to the AOF file: \(reason)"
    }

    /// The number of bytes to be written. ``onProgress`` is called when it falls to half of ``backlogLimit``.
    @inlinable
    package var queuedBytes: Int { queued.load(ordering: .relaxed) }

    /// Exchanges the records for an empty array, to write them.
    /// - Returns: the position after them.
    func take(_ batch: inout [UInt8], _ notes: inout BatchNotes?) -> UInt64 {
        let (end, isAwaited) = queue.withLock { queue in
            let isAwaited = queue.records.count > Self.backlogLimit / 2
            let end = queue.take(&batch, &notes)
            queued.store(queue.records.count, ordering: .relaxed)
            return (end, isAwaited)
        }
        if isAwaited { onProgress() }
        return end
    }

    /// The size of the base and the increments, in bytes.
    package var size: Int { queue.withLock { $0.size } }

    /// How far the current file is on disk; nil without a file that a manifest names. Waits for the disk.
    var position: LogPosition? { writer.withLock { $0.isPublished ? $0.file?.position : nil } }

    /// Whether every acknowledged write is in the file on disk, even if the log has failed. Waits for the disk.
    var isComplete: Bool { writer.withLock { $0.file != nil && $0.isPublished && queue.withLock { $0.isComplete } } }

    /// The size of the base alone, in bytes. Waits for the disk.
    var baseSize: Int { writer.withLock { $0.baseSize } }

    /// Records up to this position are known to be on disk.
    package var durable: UInt64 { queue.withLock { $0.durable } }

    /// Changes the queue's state, and publishes the change.
    func update<Result>(_ body: (inout AppendQueue) -> Result) -> Result where Result: Sendable {
        let result = queue.withLock { queue in
            let result = body(&queue)
            queued.store(queue.records.count, ordering: .relaxed)
            acknowledgedEnd.store(queue.acknowledged, ordering: .releasing)
            var failed = false
            if case .failed = queue.state { failed = true }
            hasFailed.store(failed, ordering: .releasing)
            return result
        }
        onProgress()
        return result
    }
}

/// Takes the records of ``AppendLog/append(at:group:)``.
package struct RecordGroup: ~Copyable {
    var records: [UInt8] = []
    /// Whether one of them takes away what has not expired.
    private(set) var takesAway = false
    private let note: TimeNote
    private var database = 0

    init(_ note: TimeNote) { self.note = note }

    /// Chooses the database of the following records. A group begins and ends with database 0.
    package mutating func select(_ database: Int) {
        guard database != self.database else { return }
        self.database = database
        RecordEncoding.appendSelect(database, to: &records)
    }

    package mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, isGuarded: Bool) {
        let expiry = note.written(expiry, isGuarded: isGuarded)
        RecordEncoding.appendSet(key, value, expiry: expiry, to: &records)
    }

    /// - Parameter isExpired: whether the entry has expired.
    package mutating func remove(_ key: RawSpan, isExpired: Bool = false) {
        takesAway = takesAway || !isExpired
        RecordEncoding.appendRemove(key, to: &records)
    }

    /// Exchanges the entries of two databases. A file of all entries must not be under way (`Denylist.holdSwaps()`):
    /// it is the only record whose effect is not the same when it is applied twice.
    package mutating func swap(_ database: Int, _ other: Int) {
        takesAway = true
        RecordEncoding.appendSwap(database, other, to: &records)
    }

    /// Removes all entries of the selected database.
    package mutating func removeDatabase() {
        takesAway = true
        RecordEncoding.appendRemoveDatabase(to: &records)
    }

    package mutating func removeAll() {
        takesAway = true
        RecordEncoding.appendRemoveAll(to: &records)
    }
}
