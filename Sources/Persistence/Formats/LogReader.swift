import RESP

/// Reads a log file of ours or of Redis, or a log's base (an RDB file, with records after it). It tells a torn tail
/// from damage.
///
/// A batch of ours is handed over only after its seal has proved it whole. If a seal or a record is bad, later seals
/// decide (``SealLine``):
/// - none: the write was torn. Complete records before it are kept: a real Redis appended them, or they were not
///   acknowledged.
/// - one that says the bad batch was on disk: damage.
/// - one that does not say so: bytes that a power loss left out read as zeros up to the end of a sector. With such a
///   gap it is a torn write, of which nothing is kept. Without a gap it is damage.
///
/// In a file without seals (Redis') only an incomplete last record is a torn tail, as in Redis.
struct LogReader {
    /// How a file ended.
    struct End: Equatable {
        var counts: RecordCounts
        /// Where the good part ends, in bytes. The rest is to be cut.
        var offset: Int
        /// The reason to cut, if there is one.
        var torn: FormatError?
        /// The state for appending once the file is cut; nil if it is not ours: a new file must be begun.
        var chain: SealChain?
        /// Whether the last seal says that nothing acknowledged is missing.
        var isClean = false
        /// Whether another server has appended to a file of ours: writes that it acknowledged may be missing.
        var hasOthers = false
        /// The database of a record that would be appended.
        var database: Int64 = 0
        /// The size of its records, notes and seals left out; and of those that a seal vouches for.
        var recordBytes: UInt64 = 0
        var sealedBytes: UInt64 = 0
        /// The process that wrote its newest note; nil without one.
        var newestRun: UInt64?
    }

    private var records: RecordReader
    /// Disks write this many bytes at once.
    private static let sector = 512

    /// Reads a whole file.
    /// - Parameters:
    ///   - bytes: the file.
    ///   - progress: called at intervals with the number of bytes read.
    /// - Throws: ``FormatError`` if anything but the tail is wrong. Records handed over before are then of no use.
    static func read(
        _ bytes: RawSpan, _ settings: ReadConfiguration, into sink: inout some RecordSink & ~Copyable,
        progress: (Int) -> Void = { _ in }
    ) throws(FormatError) -> End {
        var reader = LogReader(records: RecordReader(settings))
        sink.readExpiries(by: nil)
        sink.select(0)
        switch SealLine.readHead(bytes) {
        case .salt(let salt, let crc):
            let chain = SealChain(salt: salt, start: SealLine.headLength, crc: crc)
            return try reader.readSealed(bytes, chain, &sink, progress)
        case .none where RDBReader.recognizes(bytes):
            // Redis' base is an RDB file. A log that Redis 6 began may have records after it.
            let base = try RDBReader.read(bytes, settings, into: &sink, progress: progress)
            var end = try reader.readPlain(bytes, from: base.end, &sink, progress)
            end.counts.records += base.counts.records
            end.counts.skipped += base.counts.skipped
            return end
        case .none: return try reader.readPlain(bytes, from: 0, &sink, progress)
        case .torn:
            let torn = bytes.byteCount == 0 ? nil : FormatError(at: 0, "the file's first line is incomplete")
            return End(counts: RecordCounts(), offset: 0, torn: torn, chain: nil)
        case .damaged: throw FormatError(at: 0, "the file's first line is damaged")
        }
    }

    /// The note at the head of one of our files; nil if it has none.
    static func firstNote(in bytes: RawSpan) -> TimeNote? {
        guard case .salt = SealLine.readHead(bytes) else { return nil }
        let rest = bytes.extracting(droppingFirst: SealLine.headLength)
        for length in 1...TimeNote.maximumLine where length <= rest.byteCount {
            if rest[byte: length - 1] == UInt8(ascii: "\n") { return TimeNote(line: rest.extracting(first: length)) }
        }
        return nil
    }

    // MARK: Files with seals

    private mutating func readSealed(
        _ bytes: RawSpan, _ first: SealChain, _ sink: inout some RecordSink & ~Copyable,
        _ progress: (Int) -> Void
    ) throws(FormatError) -> End {
        var chain = first
        var isClean = false
        while let (offset, line) = SealLine.first(in: bytes, from: chain.start, salt: chain.salt) {
            var crc = chain.crc
            crc.add(bytes.extracting(chain.start..<(offset + SealLine.coveredLength)))
            guard line.start == chain.start, line.length == offset - chain.start, line.crc == crc.value else {
                return try decide(bytes, chain, "a batch does not match its checksum", &sink, progress)
            }
            try records.read(bytes, chain.start..<offset, into: &sink, progress: progress)
            chain = SealChain(salt: chain.salt, start: offset + SealLine.length, crc: crc)
            isClean = line.kind == .stop
            progress(chain.start)
        }
        let whole = RecordReader.findEnd(of: bytes, from: chain.start)
        if whole.stop != .end { return try decide(bytes, chain, whole.reason, &sink, progress) }
        return try finish(
            bytes, chain, whole.offset, torn: nil, isClean: isClean && chain.start == whole.offset, &sink, progress)
    }

    /// Decides what a bad batch or seal at `chain.start` means. No record of a bad batch is trusted: one with a wrong
    /// length may look complete.
    private mutating func decide(
        _ bytes: RawSpan, _ chain: SealChain, _ reason: String, _ sink: inout some RecordSink & ~Copyable,
        _ progress: (Int) -> Void
    ) throws(FormatError) -> End {
        let whole = RecordReader.findEnd(of: bytes, from: chain.start)
        switch SealLine.remains(in: bytes, from: chain.start, salt: chain.salt) {
        case .none:
            return try finish(
                bytes, chain, whole.offset, torn: FormatError(at: whole.offset, whole.reason), &sink, progress)
        case .some(let synced) where synced <= chain.start && Self.hasGap(bytes, from: chain.start):
            let torn = FormatError(at: chain.start, "a part of the last writes never reached the disk")
            return try finish(bytes, chain, chain.start, torn: torn, &sink, progress)
        case .some:
            throw FormatError(at: chain.start, "\(reason), and more was written after it")
        }
    }

    /// Hands over the complete records behind the last seal.
    private mutating func finish(
        _ bytes: RawSpan, _ chain: SealChain, _ end: Int, torn: FormatError?, isClean: Bool = false,
        _ sink: inout some RecordSink & ~Copyable,
        _ progress: (Int) -> Void
    ) throws(FormatError) -> End {
        var chain = chain
        records.hasOthers = false
        let sealed = records.bytes
        try records.read(bytes, chain.start..<end, into: &sink, progress: progress)
        chain.add(bytes.extracting(chain.start..<end))
        let hasOthers = records.hasOthers || Self.isOthers(bytes.extracting(droppingFirst: end))
        return End(
            counts: records.counts, offset: end, torn: torn, chain: chain, isClean: isClean, hasOthers: hasOthers,
            database: records.database, recordBytes: records.bytes, sealedBytes: sealed, newestRun: records.newestRun)
    }

    /// Whether the remains of a write are another server's: a `SELECT`, or an annotation that is not ours.
    private static func isOthers(_ rest: RawSpan) -> Bool {
        func starts(_ text: StaticString) -> Bool {
            rest.byteCount >= text.utf8CodeUnitCount
                && rest.extracting(first: text.utf8CodeUnitCount).equalsIgnoringCase(text)
        }
        return starts("*2\r\n$6") || starts("#") && rest.byteCount > 1 && !starts("#r")
    }

    /// Whether a part of a sector behind `start` reads as zeros.
    private static func hasGap(_ bytes: RawSpan, from start: Int) -> Bool {
        var lower = start
        while lower < bytes.byteCount {
            let upper = min(bytes.byteCount, (lower / sector + 1) * sector)
            if (lower..<upper).allSatisfy({ bytes[byte: $0] == 0 }) { return true }
            lower = upper
        }
        return false
    }

    // MARK: Files without seals

    /// Reads what Redis wrote, from `start` on.
    private mutating func readPlain(
        _ bytes: RawSpan, from start: Int, _ sink: inout some RecordSink & ~Copyable,
        _ progress: (Int) -> Void
    ) throws(FormatError) -> End {
        let whole = RecordReader.findEnd(of: bytes, from: start)
        if whole.stop == .seal { throw FormatError(at: 0, "the file's first line is damaged") }
        let problem = FormatError(at: whole.offset, whole.reason)
        guard whole.stop == .end || whole.stop == .incomplete else { throw problem }
        try records.read(bytes, start..<whole.offset, into: &sink, progress: progress)
        return End(
            counts: records.counts, offset: whole.offset, torn: whole.stop == .end ? nil : problem, chain: nil,
            database: records.database)
    }
}
