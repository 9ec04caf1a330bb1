/// The state for appending to a log file of ours: the batch that no seal covers yet, and the CRC so far.
struct SealChain: Equatable, Sendable {
    let salt: UInt64
    /// The start of the batch that the next seal covers.
    private(set) var start: Int
    /// The length of that batch so far.
    private(set) var length = 0
    private(set) var crc: CRC64

    /// The position of the next byte.
    var end: Int { start + length }

    init(salt: UInt64, start: Int, crc: CRC64) {
        self.salt = salt
        self.start = start
        self.crc = crc
    }

    /// Begins a new file: appends its first line to `bytes`, which is empty.
    /// - Parameter salt: random.
    init(beginning bytes: inout [UInt8], salt: UInt64) {
        precondition(bytes.isEmpty, "a file begins with its first line")
        self.init(salt: salt, start: SealLine.headLength, crc: SealLine.appendHead(salt: salt, to: &bytes))
    }

    /// Adds bytes that are appended to the file.
    mutating func add(_ bytes: RawSpan) {
        crc.add(bytes)
        length += bytes.byteCount
    }

    /// Closes the batch of all bytes added since the last seal. The batch may be empty.
    /// - Parameters:
    ///   - kind: `stop` only if everything acknowledged is in this file or in earlier ones, which are on disk.
    ///   - synced: the offset up to which the file is known to be on disk. Never overstate it: damage before it stops a
    ///     start, damage after it may be a torn write.
    mutating func close(_ kind: SealLine.Kind = .seal, synced: Int, to bytes: inout [UInt8]) {
        precondition(synced <= start, "a batch on disk before its line is written")
        crc = SealLine.append(
            kind, salt: salt, start: start, length: length, synced: synced, after: crc, to: &bytes)
        start = end + SealLine.length
        length = 0
    }
}
