package import Denylist
import Dispatch
package import PrometheusMetrics
import Synchronization

/// The append-only log: takes records from any thread, and writes them to disk on one of its own, many at a time.
///
/// A record is appended under the lock of its key's shard, together with the change that it tells of; so the log's
/// order of a key's records is the order in which its values were to be seen. ``append(set:_:expiry:isGuarded:at:)``
/// and its siblings return a position, and the write may be answered as soon as ``acknowledged`` has reached it. A
/// write that changes nothing waits for ``end``: what it found may not be on disk yet.
package final class AppendLog: Sendable {
    /// A batch of this size, in bytes, is written without waiting for more.
    static let largeBatch = 1 << 20
    /// With more than this waiting to be written, in bytes, no policy acknowledges what is not in the file; and whoever
    /// serves clients executes no more writes until the disk has taken some (``queuedBytes``).
    package static let backlogLimit = 8 << 20

    let queue: Mutex<AppendQueue>
    let writer: Mutex<LogWriter>
    /// Is written before any record that may rest on it.
    let epochFile: EpochFile
    /// How long it took to make the log durable, in seconds.
    package let syncTimes = Histogram()
    /// Names this process in the notes that it writes.
    let run: UInt64
    let doorbell = DispatchSemaphore(value: 0)
    private let acknowledgedEnd = Atomic<UInt64>(.max)
    private let lastEnd = Atomic<UInt64>(0)
    private let hasFailed = Atomic<Bool>(false)
    private let queued = Atomic(0)
    /// Called when ``acknowledged`` or ``state`` has changed, on whatever thread changed it.
    private let onProgress: @Sendable () -> Void

    init(policy: SyncPolicy, epochFile: EpochFile, onProgress: @escaping @Sendable () -> Void) {
        self.epochFile = epochFile
        run = ClockEvidence.newRun()
        queue = Mutex(AppendQueue(policy: policy, run: run))
        writer = Mutex(LogWriter(syncTimes: syncTimes))
        self.onProgress = onProgress
    }

    // MARK: Appending

    /// The key has this value now, and this expiry (milliseconds on the clock of the key, or `Expiry.never`).
    /// - Parameters:
    ///   - isGuarded: whether the key expires by guarded time.
    ///   - moment: when that was decided. The expiry is written so that it is not early on the later clock.
    @discardableResult
    package func append(
        set key: RawSpan, _ value: RawSpan, expiry: Int64, isGuarded: Bool, at moment: ClockReading
    ) -> UInt64 {
        enqueue(at: moment) { records, note in
            let expiry = note.written(expiry, isGuarded: isGuarded)
            RecordEncoding.appendSet(key, value, expiry: expiry, to: &records)
        }
    }

    @discardableResult
    package func append(remove key: RawSpan) -> UInt64 {
        enqueue(at: nil) { records, _ in RecordEncoding.appendRemove(key, to: &records) }
    }

    /// Several records that are replayed together or not at all.
    /// - Parameter moment: as ``append(set:_:expiry:isGuarded:at:)`` takes it.
    @discardableResult
    package func append(at moment: ClockReading, group write: (inout RecordGroup) -> Void) -> UInt64 {
        enqueue(at: moment) { records, note in
            var group = RecordGroup(note)
            swap(&group.records, &records)
            RecordEncoding.appendGroupStart(to: &group.records)
            write(&group)
            RecordEncoding.appendGroupEnd(to: &group.records)
            swap(&group.records, &records)
        }
    }

    @inline(__always)
    private func enqueue(at moment: ClockReading?, _ encode: (inout [UInt8], TimeNote) -> Void) -> UInt64 {
        let (position, rings) = queue.withLock { queue in
            let rings = queue.append(at: moment, encode)
            lastEnd.store(queue.end, ordering: .relaxed)
            queued.store(queue.records.count, ordering: .relaxed)
            if queue.isCongested { acknowledgedEnd.store(queue.acknowledged, ordering: .releasing) }
            return (queue.end, rings)
        }
        if rings { doorbell.signal() }
        return position
    }

    // MARK: Progress

    /// Writes up to this position may be answered. Goes back only when the log fails.
    package var acknowledged: UInt64 { acknowledgedEnd.load(ordering: .acquiring) }

    /// The position after the last record: what a write that found nothing to change waits for. Read it under the
    /// shard's lock.
    package var end: UInt64 { lastEnd.load(ordering: .relaxed) }

    /// Whether writes have to be refused: the disk has failed. What waits for ``acknowledged`` will wait in vain.
    package var refusesWrites: Bool { hasFailed.load(ordering: .acquiring) }

    package var state: LogState { queue.withLock { $0.state } }

    /// What Redis answers to a write while the disk fails; nil while it does not.
    package var refusal: String? {
        guard case .failed(let reason) = state else { return nil }
        return "MISCONF Errors writing to the AOF file: \(reason)"
    }

    /// How many bytes wait to be written. ``onProgress`` is called when it falls from more than half of
    /// ``backlogLimit``.
    package var queuedBytes: Int { queued.load(ordering: .relaxed) }

    /// Exchanges the records for an empty array: they are being written.
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

    /// Of base and increments, in bytes.
    var size: Int { queue.withLock { $0.size } }

    /// Up to where the file that is written to is on disk; nil without one that a manifest names. Waits for the disk.
    var position: LogPosition? { writer.withLock { $0.isPublished ? $0.file?.position : nil } }

    /// Of the base alone, in bytes. Waits for the disk.
    var baseSize: Int { writer.withLock { $0.baseSize } }

    /// Up to here the records are on disk, as far as anyone knows.
    package var durable: UInt64 { queue.withLock { $0.durable } }

    /// Changes the queue's state, and tells whoever waits.
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
    private let note: TimeNote

    init(_ note: TimeNote) { self.note = note }

    package mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, isGuarded: Bool) {
        let expiry = note.written(expiry, isGuarded: isGuarded)
        RecordEncoding.appendSet(key, value, expiry: expiry, to: &records)
    }

    package mutating func remove(_ key: RawSpan) { RecordEncoding.appendRemove(key, to: &records) }
    package mutating func removeAll() { RecordEncoding.appendRemoveAll(to: &records) }
}
