import Denylist
import RESP

/// Reads the string keys of RDB files that Redis 2.6 to 8 or Valkey wrote.
package struct RDBReader {
    private let settings: ReadConfiguration
    private var cursor = RDBCursor()
    /// The expiry of the key that follows.
    private var expiry = Expiry.never
    /// Of the pieces before this one.
    private var sum = CRC64()
    private var hasHead = false
    /// Whether the whole file was read.
    package private(set) var isComplete = false
    private var counts = RecordCounts()
    private var database: UInt64 = 0
    /// Whether the daemon has that database.
    private var isKept: Bool { database < UInt64(DatabaseNumber.count) }
    private var isValkey = false

    private static let progressStep = 1 << 20
    private static let headLength = 9
    private static let redisVersions = 6...15
    private static let valkeyVersions = 80...81

    /// Whether a file starts like an RDB file.
    static func recognizes(_ bytes: RawSpan) -> Bool { isValkey(bytes) != nil }

    private static func isValkey(_ bytes: RawSpan) -> Bool? {
        if bytes.byteCount >= 5, bytes.extracting(first: 5).equalsIgnoringCase("redis") { return false }
        if bytes.byteCount >= 6, bytes.extracting(first: 6).equalsIgnoringCase("valkey") { return true }
        return nil
    }

    /// Reads a file.
    /// - Parameter progress: called at intervals with the number of bytes read.
    /// - Returns: where the file ends. A log may follow there.
    /// - Throws: ``FormatError``. Records handed over before are then of no use.
    static func read(
        _ bytes: RawSpan, _ settings: ReadConfiguration, into sink: inout some RecordSink & ~Copyable,
        progress: (Int) -> Void = { _ in }
    ) throws(FormatError) -> (end: Int, counts: RecordCounts) {
        var reader = RDBReader(settings)
        sink.readExpiries(by: nil)
        sink.select(0)
        try reader.readHead(bytes)
        try reader.readBody(bytes, isWhole: true, &sink, progress)
        return (reader.cursor.position, reader.counts)
    }

    package init(_ settings: ReadConfiguration) { self.settings = settings }

    /// Reads the next piece of a file that arrives in pieces.
    /// - Parameter bytes: what was not used of the piece before, and what has arrived since.
    /// - Returns: how many bytes were used: whole entries.
    /// - Throws: ``FormatError``. Records handed over before are then of no use.
    package mutating func read(
        piece bytes: RawSpan, into sink: inout some RecordSink & ~Copyable
    ) throws(FormatError) -> Int {
        cursor = RDBCursor()
        if !hasHead {
            guard bytes.byteCount >= Self.headLength else { return 0 }
            sink.readExpiries(by: nil)
            sink.select(0)
            try readHead(bytes)
            hasHead = true
        }
        try readBody(bytes, isWhole: false, &sink) { _ in }
        if !isComplete { sum.add(bytes.extracting(first: cursor.position)) }
        return cursor.position
    }

    /// The times recorded in a file before its first entry.
    struct Times: Equatable {
        /// The note, if the file is ours.
        var note: TimeNote?
        /// When the file was begun, in Unix milliseconds.
        var created: Int64?
    }

    static func times(of bytes: RawSpan) -> Times {
        var reader = RDBReader(ReadConfiguration(now: 0))
        var times = Times()
        do throws(FormatError) {
            try reader.readHead(bytes)
            while try reader.cursor.byte(bytes) == RDB.Opcode.auxiliary {
                let (name, value) = try reader.readAuxiliary(bytes)
                if name == TimeNote.fieldName { times.note = times.note ?? TimeNote(value) }
                // In seconds. An invalid time is ignored.
                if name == RDB.createdField { times.created = ClockText.time(value + "000") }
            }
        } catch {
            // The error is reported when the whole file is read.
        }
        return times
    }

    private mutating func readAuxiliary(_ bytes: RawSpan) throws(FormatError) -> (name: String, value: String) {
        let start = cursor.position
        let (name, value) = (try cursor.text(bytes), try cursor.text(bytes))
        return (
            String(decoding: try RDBCursor.copy(name, of: bytes, at: start), as: UTF8.self),
            String(decoding: try RDBCursor.copy(value, of: bytes, at: start), as: UTF8.self)
        )
    }

    private mutating func readHead(_ bytes: RawSpan) throws(FormatError) {
        guard let isValkey = Self.isValkey(bytes) else { throw FormatError(at: 0, "no RDB file") }
        self.isValkey = isValkey
        let head = bytes.extracting(try cursor.take(UInt64(Self.headLength), bytes))
        var version = 0
        for index in (isValkey ? 6 : 5)..<Self.headLength {
            let digit = head[byte: index] &- UInt8(ascii: "0")
            guard digit < 10 else { throw FormatError(at: 0, "no RDB file") }
            version = version * 10 + Int(digit)
        }
        guard (isValkey ? Self.valkeyVersions : Self.redisVersions).contains(version) else {
            throw FormatError(.unsupported, at: 0, "version \(version) of the RDB format")
        }
    }

    /// - Parameter isWhole: whether all of the file is there; otherwise the entry that its bytes end in stays unread.
    private mutating func readBody<Sink: RecordSink & ~Copyable>(
        _ bytes: RawSpan, isWhole: Bool, _ sink: inout Sink, _ progress: (Int) -> Void
    ) throws(FormatError) {
        var queue = EntryQueue<Sink>()
        // Also on an error: a repair keeps the readable entries.
        defer { queue.flush(bytes, to: &sink) }
        var nextReport = Self.progressStep
        while !isComplete {
            let (start, expiryBefore) = (cursor.position, expiry)
            if start >= nextReport {
                progress(start)
                nextReport = start + Self.progressStep
            }
            if expiry == Expiry.never, isKept, let entry = cursor.shortEntry(bytes) {
                counts.records += 1
                queue.add(entry.key, entry.value, expiry: entry.expiry, of: bytes, to: &sink)
                continue
            }
            do throws(FormatError) { try readItem(bytes, &sink, &queue) } catch {
                guard !isWhole, cursor.endedEarly else { throw error }
                cursor = RDBCursor(position: start)
                expiry = expiryBefore
                return
            }
        }
    }

    private mutating func readItem<Sink: RecordSink & ~Copyable>(
        _ bytes: RawSpan, _ sink: inout Sink, _ queue: inout EntryQueue<Sink>
    ) throws(FormatError) {
        let start = cursor.position
        let opcode = try cursor.byte(bytes)
        switch opcode {
        case RDB.Kind.string:
            queue.flush(bytes, to: &sink)
            try readString(bytes, expiry, &sink)
            expiry = Expiry.never
        case RDB.Opcode.expiryMilliseconds: expiry = try cursor.number(Int64.self, bytes)
        case RDB.Opcode.expirySeconds: expiry = Int64(try cursor.number(Int32.self, bytes)) * 1000
        case RDB.Opcode.auxiliary:
            queue.flush(bytes, to: &sink)
            let (name, value) = try readAuxiliary(bytes)
            guard name == TimeNote.fieldName else { return }
            guard let note = TimeNote(value) else { throw FormatError(at: start, "an invalid note of the clocks") }
            sink.readExpiries(by: note)
        case RDB.Opcode.selectDatabase:
            queue.flush(bytes, to: &sink)
            database = try cursor.length(bytes)
            guard isKept || settings.skipsUnsupported else { throw .unsupportedDatabase(database, at: start) }
            if isKept { sink.select(Int(database)) }
        case RDB.Opcode.end:
            try checkSum(bytes)
            isComplete = true
        default:
            guard try !readAttribute(opcode, bytes, at: start) else { return }
            try skipKey(opcode, bytes, at: start, &sink)
            expiry = Expiry.never
        }
    }

    /// Reads an item that is not a key.
    /// - Returns: false if `opcode` is the type of a key; then nothing was read.
    private mutating func readAttribute(
        _ opcode: UInt8, _ bytes: RawSpan, at start: Int
    ) throws(FormatError) -> Bool {
        switch opcode {
        case RDB.Opcode.idle: _ = try cursor.length(bytes)
        case RDB.Opcode.frequency: _ = try cursor.byte(bytes)
        case RDB.Opcode.resizeDatabase: for _ in 0..<2 { _ = try cursor.length(bytes) }
        case RDB.Opcode.slotInformation: for _ in 0..<3 { _ = try cursor.length(bytes) }
        case RDB.Opcode.moduleAuxiliary: try cursor.skipModuleAuxiliary(bytes)
        case RDB.Opcode.function:
            guard settings.skipsUnsupported else { throw unsupported(at: start, "a library of functions") }
            _ = try cursor.text(bytes)
            counts.skipped += 1
        default: return false
        }
        return true
    }

    /// Skips a key of another type than string, if the settings allow it.
    private mutating func skipKey(
        _ opcode: UInt8, _ bytes: RawSpan, at start: Int, _ sink: inout some RecordSink & ~Copyable
    ) throws(FormatError) {
        guard let kind = RDBKind(opcode, isValkey: isValkey) else {
            throw FormatError(.unsupported, at: start, "an unknown mark (\(opcode))")
        }
        guard settings.skipsUnsupported else { throw unsupported(at: start, "a key of type \(kind.name)") }
        let key = try cursor.text(bytes)
        try cursor.skip(kind, bytes, at: start)
        counts.skipped += 1
        let keyBytes = try RDBCursor.copy(key, of: bytes, at: start)
        sink.skip(keyBytes.span.bytes)
    }

    private func unsupported(at offset: Int, _ what: String) -> FormatError {
        FormatError(.unsupported, at: offset, "\(what) (--skip-unsupported skips it)")
    }

    private mutating func readString(
        _ bytes: RawSpan, _ expiry: Int64, _ sink: inout some RecordSink & ~Copyable
    ) throws(FormatError) {
        let start = cursor.position
        let key = try cursor.text(bytes)
        let value = try cursor.text(bytes)
        guard isKept else {
            counts.skipped += 1
            let keyBytes = try RDBCursor.copy(key, of: bytes, at: start)
            return sink.skip(keyBytes.span.bytes)
        }
        counts.records += 1
        if case .raw(let key) = key, case .raw(let value) = value {
            return sink.set(bytes.extracting(key), bytes.extracting(value), expiry: expiry)
        }
        let keyBytes = try RDBCursor.copy(key, of: bytes, at: start)
        let valueBytes = try RDBCursor.copy(value, of: bytes, at: start)
        sink.set(keyBytes.span.bytes, valueBytes.span.bytes, expiry: expiry)
    }

    private mutating func checkSum(_ bytes: RawSpan) throws(FormatError) {
        let covered = cursor.position
        let written = try cursor.number(UInt64.self, bytes)
        // 0 means that the writer made no checksum (`rdbchecksum no`).
        guard written == 0 || written == sum.adding(bytes.extracting(first: covered)).value else {
            throw FormatError(at: covered, "the file's checksum is wrong")
        }
    }
}
