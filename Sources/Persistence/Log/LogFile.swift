/// The increment to which records are appended.
struct LogFile {
    let file: any OutputFile
    /// The path under which the file was opened.
    let path: String
    private var chain: SealChain
    /// The file is on disk up to this offset.
    private var synced: Int
    /// Whether bytes were written that are not on disk.
    private(set) var isDirty = false
    /// The chain when the file was last known to be on disk as a whole.
    private var durable: SealChain
    /// Whether an fdatasync of this file has failed: what it holds on disk is unknown.
    private(set) var isLost = false
    /// Whether a seal says that everything before it is on disk. Without one, damage of the last batch could pass for a
    /// torn write.
    private(set) var isSealed = false
    /// Whether bytes of a failed write are behind the chain's end.
    private var isTorn = false
    /// How expiries at the file's end are written; nil if this process has not noted it.
    private var shift: Int64?

    /// Identifies the file.
    var salt: UInt64 { chain.salt }

    /// How far the file is on disk.
    var position: LogPosition { .at(salt: chain.salt, offset: synced) }

    /// A new file, whose first line is on disk.
    init(beginning file: any OutputFile, path: String) throws(FileError) {
        self.file = file
        self.path = path
        var head: [UInt8] = []
        chain = SealChain(beginning: &head, salt: .random(in: .min ... .max))
        synced = chain.start
        durable = chain
        try file.write(head.span.bytes)
        try file.synchronize(.head)
    }

    /// Continues a file that recovery has read, cut and synced.
    init(continuing file: any OutputFile, path: String, chain: SealChain) {
        precondition(file.size == chain.end, "a log file that is not what was read")
        self.file = file
        self.path = path
        self.chain = chain
        durable = chain
        // Unsealed bytes are also synced, but a seal may only vouch for bytes before its own batch.
        synced = chain.start
    }

    /// Appends the records in `batch`, and the seal behind them. When it throws, `batch` is unchanged, and the file can
    /// continue if ``cutBack()`` succeeds.
    mutating func write(_ batch: inout [UInt8], _ notes: BatchNotes) throws(FileError) {
        let line = shift == notes.first.shift ? [] : notes.first.line
        batch.insert(contentsOf: line, at: 0)
        let records = batch.count
        var next = chain
        next.add(batch.span.bytes)
        next.close(synced: synced, to: &batch)
        do throws(FileError) { try write(batch.span.bytes, upTo: next) } catch {
            batch.removeLast(batch.count - records)
            batch.removeFirst(line.count)
            throw error
        }
        shift = notes.last.shift
        isDirty = true
        isSealed = false
    }

    /// Appends the bytes that take the chain to `next`.
    private mutating func write(_ bytes: RawSpan, upTo next: SealChain) throws(FileError) {
        try cutBack()
        isTorn = true
        try file.write(bytes)
        isTorn = false
        chain = next
    }

    /// Cuts off the remains of a failed write, and so frees their room.
    mutating func cutBack() throws(FileError) {
        guard isTorn else { return }
        try file.truncate(to: chain.end)
        isTorn = false
    }

    /// Makes everything written durable.
    mutating func synchronize(_ point: SyncPoint) throws(FileError) {
        do throws(FileError) { try file.synchronize(point) } catch {
            isLost = true
            if error.isOutOfRoom, !isDirty { try? returnToDisk() }
            throw error
        }
        synced = chain.start
        durable = chain
        isDirty = false
    }

    /// Cuts off the seals that found no room on the disk. No batch relies on them.
    private mutating func returnToDisk() throws(FileError) {
        try file.truncate(to: durable.end)
        // The system may take the last block for written.
        try file.refresh(from: max(0, durable.end - Self.blockSize))
        chain = durable
        isSealed = false
        isTorn = false
        isLost = false
    }

    private static let blockSize = 64 << 10

    /// Writes a seal that says that everything is on disk. It is not synced, because its loss does no harm.
    mutating func seal(_ kind: SealLine.Kind = .seal) throws(FileError) {
        precondition(!isDirty, "a seal on what is not on disk")
        var line: [UInt8] = []
        var next = chain
        next.close(kind, synced: synced, to: &line)
        try write(line.span.bytes, upTo: next)
        isSealed = true
    }
}
