/// What is needed to go on with a log file of ours: the bytes that no line covers yet, and the CRC up to here.
struct SealChain: Equatable, Sendable {
    let salt: UInt64
    /// Where the batch begins that the next line covers.
    private(set) var start: Int
    /// How many bytes it has so far.
    private(set) var length = 0
    private(set) var crc: CRC64

    /// Where the next byte goes.
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

    /// Takes note of bytes that are written to the file's end.
    mutating func add(_ bytes: RawSpan) {
        crc.add(bytes)
        length += bytes.byteCount
    }

    /// Closes the batch of all that was added since the last line; it may be empty.
    /// - Parameters:
    ///   - kind: `stop` only if everything acknowledged is in this file or in those before, which are on disk.
    ///   - synced: everything before this offset of the file is known to be on disk. Never say more than that: damage
    ///     before it stops a start, damage after it may be what a power loss leaves.
    mutating func close(_ kind: SealLine.Kind = .seal, synced: Int, to bytes: inout [UInt8]) {
        precondition(synced <= start, "a batch on disk before its line is written")
        crc = SealLine.append(
            kind, salt: salt, start: start, length: length, synced: synced, after: crc, to: &bytes)
        start = end + SealLine.length
        length = 0
    }
}
