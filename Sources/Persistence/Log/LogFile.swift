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

    /// Appends the records in `batch` and the line that closes them.
    mutating func write(_ batch: inout [UInt8]) throws(FileError) {
        chain.add(batch.span.bytes)
        chain.close(synced: synced, to: &batch)
        isDirty = true
        isSealed = false
        try file.write(batch.span.bytes)
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
        chain.close(kind, synced: synced, to: &line)
        isSealed = true
        try file.write(line.span.bytes)
    }
}
