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
    ///   - note: how their expiries are written; nil if as they are.
    init(created: Int64, isLogBase: Bool, entries: Int, expiring: Int, note: TimeNote? = nil) {
        pending += "REDIS0009".utf8
        appendAuxiliary("redis-bits", "64")
        appendAuxiliary(RDB.createdField, "\(created)")
        if isLogBase { appendAuxiliary("aof-base", "1") }
        if let note { append(note) }
        pending += [RDB.Opcode.selectDatabase, 0, RDB.Opcode.resizeDatabase]
        pending.append(atMost: 32) { head in
            head.append(length: entries)
            head.append(length: expiring)
        }
    }

    /// Says how the expiries that follow are written.
    mutating func append(_ note: TimeNote) { appendAuxiliary(TimeNote.fieldName, note.text) }

    /// - Parameter expiry: Unix milliseconds, ``Denylist/Expiry/never`` if it does not expire.
    mutating func append(_ key: RawSpan, _ value: RawSpan, expiry: Int64) {
        pending.append(atMost: 32 + key.byteCount + value.byteCount) { entry in
            if expiry != Expiry.never {
                entry.append(byte: RDB.Opcode.expiryMilliseconds)
                entry.append(littleEndian: expiry)
            }
            entry.append(byte: RDB.Kind.string)
            entry.append(text: key)
            entry.append(text: value)
        }
    }

    /// Ends the file.
    mutating func finish() {
        pending.append(RDB.Opcode.end)
        crc = crc.adding(pending.span.bytes)
        isFinished = true
        let sum = crc.value
        pending.append(atMost: 8) { end in end.append(littleEndian: sum) }
    }

    /// Hands over what is pending and forgets it, even if that fails.
    mutating func drain<Failure: Error>(_ write: (RawSpan) throws(Failure) -> Void) throws(Failure) {
        if !isFinished { crc = crc.adding(pending.span.bytes) }
        defer { pending.removeAll(keepingCapacity: true) }
        try write(pending.span.bytes)
    }

    private mutating func appendAuxiliary(_ name: String, _ value: String) {
        let (name, value) = (Array(name.utf8), Array(value.utf8))
        pending.append(atMost: 32 + name.count + value.count) { field in
            field.append(byte: RDB.Opcode.auxiliary)
            field.append(text: name.span.bytes)
            field.append(text: value.span.bytes)
        }
    }
}

extension ByteWriter {
    @inline(__always)
    fileprivate mutating func append(text bytes: RawSpan) {
        append(length: bytes.byteCount)
        append(bytes)
    }

    @inline(__always)
    fileprivate mutating func append(length: Int) {
        switch length {
        case ..<(1 << 6): append(byte: UInt8(length))
        case ..<(1 << 14):
            append(byte: UInt8(0x40 | length >> 8))
            append(byte: UInt8(truncatingIfNeeded: length))
        case ...Int(UInt32.max):
            append(byte: RDB.length32)
            append(littleEndian: UInt32(length).byteSwapped)
        default:
            append(byte: RDB.length64)
            append(littleEndian: UInt64(length).byteSwapped)
        }
    }
}
