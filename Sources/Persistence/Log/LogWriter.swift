import PrometheusMetrics
import Synchronization

/// What the one that writes the log works with. Behind a lock that is held while the disk works.
struct LogWriter: ~Copyable {
    /// nil while nothing is logged, or the disk has failed.
    var file: LogFile?
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
    private var batch: [UInt8] = []
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

    /// Writes what is queued, as one batch.
    mutating func write(from log: AppendLog) throws(FileError) {
        let end = log.take(&batch)
        defer {
            if batch.capacity > Self.keptCapacity { batch = [] } else { batch.removeAll(keepingCapacity: true) }
        }
        if !batch.isEmpty { try file?.write(&batch) }
        written = end
    }

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
