import Denylist

/// Writes an RDB file (version 9, read by Redis 5 and later) of string keys, piece by piece. Appended bytes stay in
/// ``pending`` until the owner has written them out.
package struct RDBWriter: ~Copyable {
    /// Bytes to be written out.
    package private(set) var pending: [UInt8] = []
    private var crc = CRC64()
    private var isFinished = false

    /// - Parameters:
    ///   - created: Unix seconds.
    ///   - isLogBase: whether the file is the base of a log, not a snapshot.
    ///   - entries: about how many entries of database 0 follow: readers reserve that much memory.
    ///   - expiring: about how many of them expire.
    ///   - note: how the expiries are written; nil for unchanged.
    package init(created: Int64, isLogBase: Bool, entries: Int, expiring: Int, note: TimeNote? = nil) {
        pending += "REDIS0009".utf8
        appendAuxiliary("redis-bits", "64")
        appendAuxiliary(RDB.createdField, "\(created)")
        if isLogBase { appendAuxiliary("aof-base", "1") }
        if let note { append(note) }
        select(0, entries: entries, expiring: expiring)
    }

    /// Begins the entries of another database. A new file begins with those of database 0.
    mutating func select(_ database: Int, entries: Int, expiring: Int) {
        pending.append(atMost: 48) { head in
            head.append(byte: RDB.Opcode.selectDatabase)
            head.append(length: database)
            head.append(byte: RDB.Opcode.resizeDatabase)
            head.append(length: entries)
            head.append(length: expiring)
        }
    }

    /// Says how the expiries after it are written.
    mutating func append(_ note: TimeNote) { appendAuxiliary(TimeNote.fieldName, note.text) }

    /// - Parameter expiry: Unix milliseconds, ``Denylist/Expiry/never`` if it does not expire.
    package mutating func append(_ key: RawSpan, _ value: RawSpan, expiry: Int64) {
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
    package mutating func finish() {
        pending.append(RDB.Opcode.end)
        crc = crc.adding(pending.span.bytes)
        isFinished = true
        let sum = crc.value
        pending.append(atMost: 8) { end in end.append(littleEndian: sum) }
    }

    /// Hands over the pending bytes and clears them, even if that fails.
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
