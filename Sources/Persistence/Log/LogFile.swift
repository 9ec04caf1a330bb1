/// The increment that records are appended to.
struct LogFile {
    let file: any OutputFile
    /// Where the file was opened.
    let path: String
    private var chain: SealChain
    /// Everything before this offset is on disk.
    private var synced: Int
    /// Whether something was written that is not on disk.
    private(set) var isDirty = false
    /// Whether a line says that everything before it is on disk: without one, damage of the last batch could pass for
    /// what a power loss left of it.
    private(set) var isSealed = false
    /// Whether bytes of a write that failed lie behind the chain's end.
    private var isTorn = false
    /// How expiries are written at the file's end; nil if this process has not said so.
    private var shift: Int64?

    /// What tells it from any other.
    var salt: UInt64 { chain.salt }

    /// Up to where it is on disk.
    var position: LogPosition { .at(salt: chain.salt, offset: synced) }

    /// A new file, whose first line is on disk.
    init(beginning file: any OutputFile, path: String) throws(FileError) {
        self.file = file
        self.path = path
        var head: [UInt8] = []
        chain = SealChain(beginning: &head, salt: .random(in: .min ... .max))
        synced = chain.start
        try file.write(head.span.bytes)
        try file.synchronize(.head)
    }

    /// Goes on with a file that recovery has read, cut and synced.
    init(continuing file: any OutputFile, path: String, chain: SealChain) {
        precondition(file.size == chain.end, "a log file that is not what was read")
        self.file = file
        self.path = path
        self.chain = chain
        // The bytes that no line covers yet are on disk too, but a line may only speak of those before its batch.
        synced = chain.start
    }

    /// Appends the records in `batch` and the line that closes them. When it throws, `batch` is what it was, and the
    /// file can go on if ``cutBack()`` succeeds.
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

    /// Appends what takes the chain to `next`.
    private mutating func write(_ bytes: RawSpan, upTo next: SealChain) throws(FileError) {
        try cutBack()
        isTorn = true
        try file.write(bytes)
        isTorn = false
        chain = next
    }

    /// Takes away what a write that failed has left, with the room that it took.
    mutating func cutBack() throws(FileError) {
        guard isTorn else { return }
        try file.truncate(to: chain.end)
        isTorn = false
    }

    /// Makes everything written durable.
    mutating func synchronize(_ point: SyncPoint) throws(FileError) {
        try file.synchronize(point)
        synced = chain.start
        isDirty = false
    }

    /// Writes the line that says that everything is on disk. It is not synced: when it gets lost, so be it.
    mutating func seal(_ kind: SealLine.Kind = .seal) throws(FileError) {
        precondition(!isDirty, "a seal on what is not on disk")
        var line: [UInt8] = []
        var next = chain
        next.close(kind, synced: synced, to: &line)
        try write(line.span.bytes, upTo: next)
        isSealed = true
    }
}
