import RESP

/// Reads a log file, ours or Redis', or the base of one (an RDB file, records after it), and tells a torn tail from
/// damage.
///
/// A batch of ours is handed on only after its line has proved it whole. Where a line or a record is bad, lines further
/// on decide (``SealLine``):
/// - none: the write was torn. Complete records before that place are kept: a real Redis appended them, or nobody was
///   told yet that they are safe.
/// - one, and the bad batch was on disk when it was written: damage.
/// - one, but nothing says that the batch was on disk: bytes that a power loss left out read as zeros up to the end of
///   a sector. With such a gap it is a torn write, of which nothing is kept; without one it is damage.
///
/// In a file without such lines (Redis') only an incomplete last record is a torn tail, as in Redis.
struct LogReader {
    /// How a file ended.
    struct End: Equatable {
        var counts: RecordCounts
        /// Where the good part ends, in bytes. What follows is to be cut.
        var offset: Int
        /// Why there is something to cut.
        var torn: FormatError?
        /// How to go on with the file once it is cut; nil if it is not ours: then another has to be begun.
        var chain: SealChain?
        /// Whether the last thing in it says that nothing acknowledged is missing.
        var isClean = false
        /// Whether another server has gone on with a file of ours: what it acknowledged may be missing.
        var hasOthers = false
    }

    private var records: RecordReader
    /// Disks write this many bytes at once.
    private static let sector = 512

    /// Reads a whole file.
    /// - Parameters:
    ///   - bytes: the file.
    ///   - progress: called now and then with how many bytes are done.
    /// - Throws: ``FormatError`` if anything but the tail is wrong. What was handed on until then is then of no use.
    static func read(
        _ bytes: RawSpan, _ settings: ReadSettings, into sink: inout some RecordSink & ~Copyable,
        progress: (Int) -> Void = { _ in }
    ) throws(FormatError) -> End {
        var reader = LogReader(records: RecordReader(settings))
        sink.readExpiries(by: nil)
        switch SealLine.readHead(bytes) {
        case .salt(let salt, let crc):
            let chain = SealChain(salt: salt, start: SealLine.headLength, crc: crc)
            return try reader.readSealed(bytes, chain, &sink, progress)
        case .none where RDBReader.recognizes(bytes):
            // Redis' base is an RDB file; one that was a log of its own before goes on with records.
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

    /// The note that a file of ours begins with; nil if it has none there.
    static func firstNote(in bytes: RawSpan) -> TimeNote? {
        guard case .salt = SealLine.readHead(bytes) else { return nil }
        let rest = bytes.extracting(droppingFirst: SealLine.headLength)
        for length in 1...TimeNote.maximumLine where length <= rest.byteCount {
            if rest[byte: length - 1] == UInt8(ascii: "\n") { return TimeNote(line: rest.extracting(first: length)) }
        }
        return nil
    }

    // MARK: Files with lines

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

    /// Something is bad from `chain.start` on. Of a bad batch no record is to be trusted: one with a wrong length may
    /// well look complete.
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

    /// Hands on the complete records that no line covers yet.
    private mutating func finish(
        _ bytes: RawSpan, _ chain: SealChain, _ end: Int, torn: FormatError?, isClean: Bool = false,
        _ sink: inout some RecordSink & ~Copyable,
        _ progress: (Int) -> Void
    ) throws(FormatError) -> End {
        var chain = chain
        records.hasOthers = false
        try records.read(bytes, chain.start..<end, into: &sink, progress: progress)
        chain.add(bytes.extracting(chain.start..<end))
        let hasOthers = records.hasOthers || Self.isOthers(bytes.extracting(droppingFirst: end))
        return End(
            counts: records.counts, offset: end, torn: torn, chain: chain, isClean: isClean, hasOthers: hasOthers)
    }

    /// Whether what is left of a write is of another server: a `SELECT`, or an annotation that is not ours.
    private static func isOthers(_ rest: RawSpan) -> Bool {
        func starts(_ text: StaticString) -> Bool {
            rest.byteCount >= text.utf8CodeUnitCount
                && rest.extracting(first: text.utf8CodeUnitCount).equalsIgnoringCase(text)
        }
        return starts("*2\r\n$6") || starts("#") && rest.byteCount > 1 && !starts("#r")
    }

    /// Whether a part of a sector that was to be written from `start` on reads as zeros.
    private static func hasGap(_ bytes: RawSpan, from start: Int) -> Bool {
        var lower = start
        while lower < bytes.byteCount {
            let upper = min(bytes.byteCount, (lower / sector + 1) * sector)
            if (lower..<upper).allSatisfy({ bytes[byte: $0] == 0 }) { return true }
            lower = upper
        }
        return false
    }

    // MARK: Files without

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
            counts: records.counts, offset: whole.offset, torn: whole.stop == .end ? nil : problem, chain: nil)
    }
}
