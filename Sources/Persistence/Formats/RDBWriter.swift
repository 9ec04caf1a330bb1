import Denylist

/// Writes an RDB file (version 9: Redis 5 and everything since reads it) of string keys, piece by piece: what was
/// appended waits in ``pending`` until the owner has written it out.
struct RDBWriter: ~Copyable {
    /// What waits to be written.
    private(set) var pending: [UInt8] = []
    private var crc = CRC64()
    private var isFinished = false

    /// - Parameters:
    ///   - created: Unix seconds.
    ///   - isLogBase: whether it is the base of a log and not a snapshot of its own.
    ///   - entries: about how many will follow: readers make room for so many.
    ///   - expiring: about how many of them expire.
    init(created: Int64, isLogBase: Bool, entries: Int, expiring: Int) {
        pending += "REDIS0009".utf8
        appendAuxiliary("redis-bits", "64")
        appendAuxiliary("ctime", "\(created)")
        if isLogBase { appendAuxiliary("aof-base", "1") }
        pending += [RDB.Opcode.selectDatabase, 0, RDB.Opcode.resizeDatabase]
        append(length: entries)
        append(length: expiring)
    }

    /// - Parameter expiry: Unix milliseconds, ``Denylist/Expiry/never`` if it does not expire.
    mutating func append(_ key: RawSpan, _ value: RawSpan, expiry: Int64) {
        if expiry != Expiry.never {
            pending.append(RDB.Opcode.expiryMilliseconds)
            append(littleEndian: UInt64(bitPattern: expiry))
        }
        pending.append(RDB.Kind.string)
        append(string: key)
        append(string: value)
    }

    /// Ends the file.
    mutating func finish() {
        pending.append(RDB.Opcode.end)
        crc = crc.adding(pending.span.bytes)
        isFinished = true
        append(littleEndian: crc.value)
    }

    /// Hands over what is pending and forgets it, even if that fails.
    mutating func drain<Failure: Error>(_ write: (RawSpan) throws(Failure) -> Void) throws(Failure) {
        if !isFinished { crc = crc.adding(pending.span.bytes) }
        defer { pending.removeAll(keepingCapacity: true) }
        try write(pending.span.bytes)
    }

    private mutating func appendAuxiliary(_ name: String, _ value: String) {
        pending.append(RDB.Opcode.auxiliary)
        append(string: Array(name.utf8).span.bytes)
        append(string: Array(value.utf8).span.bytes)
    }

    private mutating func append(string bytes: RawSpan) {
        append(length: bytes.byteCount)
        bytes.withUnsafeBytes { pending.append(contentsOf: $0) }
    }

    private mutating func append(length: Int) {
        switch length {
        case ..<(1 << 6): pending.append(UInt8(length))
        case ..<(1 << 14):
            pending.append(UInt8(0x40 | length >> 8))
            pending.append(UInt8(truncatingIfNeeded: length))
        case ...Int(UInt32.max):
            pending.append(RDB.length32)
            append(littleEndian: UInt32(length).byteSwapped)
        default:
            pending.append(RDB.length64)
            append(littleEndian: UInt64(length).byteSwapped)
        }
    }

    private mutating func append(littleEndian number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { pending.append(contentsOf: $0) }
    }
}
