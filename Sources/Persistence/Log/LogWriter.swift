import PrometheusMetrics
import Synchronization

/// What the one that writes the log works with. Behind a lock that is held while the disk works.
struct LogWriter: ~Copyable {
    /// nil while nothing is logged, or the disk has failed and another file has to be begun.
    var file: LogFile?
    /// Why nothing is written at present, if the disk has failed.
    private(set) var failure: FileError?
    /// Whether a durable manifest names the file: what is in it counts from then on.
    var isPublished = false
    /// The position up to which records are in the file, and on disk.
    var written: UInt64 = 0
    var synced: UInt64 = 0
    var lastSync = ContinuousClock.now
    /// The sizes of the base and of the increments before ``file``, in bytes.
    var baseSize = 0
    var earlierSize = 0
    /// How long it takes to make the log durable.
    let syncTimes: Histogram
    /// What is being written; after a failure what has to be written first.
    private var batch: [UInt8] = []
    private var notes: BatchNotes?
    /// A batch's memory is kept for the next one up to this size, in bytes.
    private static let keptCapacity = 4 << 20

    init(syncTimes: Histogram) { self.syncTimes = syncTimes }

    /// The size of base and increments, in bytes.
    var size: Int { baseSize + earlierSize + (file?.file.size ?? 0) }

    var needsSync: Bool { file?.isDirty ?? false }

    var needsSeal: Bool {
        guard let file else { return false }
        return !file.isDirty && !file.isSealed
    }

    /// Writes what is queued, as one batch. When it throws the batch is kept, and written first the next time.
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

    /// Begins with another file, whatever became of the one before.
    mutating func begin(with file: LogFile, isPublished: Bool) {
        self.file = file
        self.isPublished = isPublished
        failure = nil
        forgetBatch()
    }

    /// Takes note that the disk has failed.
    /// - Returns: whether the file can go on later: it only lacks room. What it holds up to its last batch is right,
    ///   and what was not written is kept.
    mutating func fail(_ error: FileError) -> Bool {
        failure = error
        // Of a file whose fdatasync has failed nobody knows what is on disk.
        guard isPublished, error.isOutOfRoom, error.operation != FileError.synchronizing else {
            file = nil
            batch = []
            return false
        }
        // Gives back the room. If that fails, it is done before the next write.
        try? file?.cutBack()
        return true
    }

    /// Whether the file only waits for room.
    var canResume: Bool { file != nil && failure != nil }

    /// Writes and syncs what was kept, or at least a line. When it throws, ``fail(_:)`` has to be told.
    mutating func resume(_ log: AppendLog) throws(FileError) {
        try write(from: log)
        try synchronize()
        if needsSeal { try file?.seal() }
        failure = nil
    }

    /// How many bytes of records were taken from the queue and not written.
    var keptBytes: Int { batch.count }

    /// Makes what is written durable.
    mutating func synchronize() throws(FileError) {
        if needsSync { try synchronize(.batch) }
        synced = written
    }

    /// Makes the file durable to its last byte, before another takes over.
    mutating func complete() throws(FileError) {
        // Even if nothing but a seal was written since: the end of the file has to be whole.
        try synchronize(.increment)
        synced = written
    }

    private mutating func synchronize(_ point: SyncPoint) throws(FileError) {
        let start = ContinuousClock.now
        try file?.synchronize(point)
        syncTimes.record(ContinuousClock.now - start)
        // Before that it may bear another.
        if isPublished, let file, !file.file.isStill(at: file.path) { throw .gone(file.path) }
        lastSync = .now
    }
}
