import PrometheusMetrics
import Synchronization

/// The state of the thread that writes the log. Its lock is held while the disk works.
struct LogWriter: ~Copyable {
    /// nil while nothing is logged, or when the disk has failed and a new file must be begun.
    var file: LogFile?
    /// Why nothing is written at present; nil unless the disk has failed.
    private(set) var failure: FileError?
    /// Whether a durable manifest names the file: only then its records count.
    var isPublished = false
    /// The positions up to which records are in the file, and on disk.
    var written: UInt64 = 0
    var synced: UInt64 = 0
    var lastSync = ContinuousClock.now
    /// The size of the base and of the increments before ``file``, in bytes.
    var baseSize = 0
    var earlierSize = 0
    /// The durations of syncs, in seconds.
    let syncTimes: Histogram
    /// The batch being written; after a failure, the batch to be written first.
    private var batch: [UInt8] = []
    private var notes: BatchNotes?
    /// A batch up to this size, in bytes, keeps its memory for the next one.
    private static let keptCapacity = 4 << 20

    init(syncTimes: Histogram) { self.syncTimes = syncTimes }

    /// The size of the base and the increments, in bytes.
    var size: Int { baseSize + earlierSize + (file?.file.size ?? 0) }

    var needsSync: Bool { file?.isDirty ?? false }

    var needsSeal: Bool {
        guard let file else { return false }
        return !file.isDirty && !file.isSealed
    }

    /// Writes the queued records as one batch. When it throws, the batch is kept, and written first next time.
    mutating func write(from log: AppendLog) throws(FileError) {
        let end = log.take(&batch, &notes)
        if !batch.isEmpty, let notes {
            try log.epochFile.settle()
            try file?.write(&batch, notes)
        }
        forgetBatch()
        written = end
    }

    private mutating func forgetBatch() {
        if batch.capacity > Self.keptCapacity { batch = [] } else { batch.removeAll(keepingCapacity: true) }
    }

    // MARK: Failures

    /// Begins with another file, in any state.
    mutating func begin(with file: LogFile, isPublished: Bool) {
        self.file = file
        self.isPublished = isPublished
        failure = nil
        forgetBatch()
    }

    /// Records a failure of the disk.
    /// - Returns: whether the file can continue later, because it only lacks room. It is right up to its last batch,
    ///   and the records not written are kept.
    mutating func fail(_ error: FileError) -> Bool {
        failure = error
        guard isPublished, error.isOutOfRoom, file?.isLost == false else {
            file = nil
            batch = []
            return false
        }
        // Frees the room. If that fails, it is done before the next write.
        try? file?.cutBack()
        return true
    }

    /// Whether the file only lacks room.
    var canResume: Bool { file != nil && failure != nil }

    /// Writes and syncs the kept batch, or at least a seal. If it throws, call ``fail(_:)``.
    mutating func resume(_ log: AppendLog) throws(FileError) {
        try write(from: log)
        try synchronize()
        if needsSeal { try file?.seal() }
        failure = nil
    }

    /// The size of the records that were taken from the queue and not written.
    var keptBytes: Int { batch.count }

    /// Makes written records durable.
    mutating func synchronize() throws(FileError) {
        if needsSync { try synchronize(.batch) }
        synced = written
    }

    /// Makes the whole file durable, before another replaces it.
    mutating func complete() throws(FileError) {
        // Always, even if only a seal was written since: the file's end must be whole.
        try synchronize(.increment)
        synced = written
    }

    private mutating func synchronize(_ point: SyncPoint) throws(FileError) {
        let start = ContinuousClock.now
        try file?.synchronize(point)
        syncTimes.record(ContinuousClock.now - start)
        // Before it is published, the file may have another name.
        if isPublished, let file, !file.file.isStill(at: file.path) { throw .gone(file.path) }
        lastSync = .now
    }
}
