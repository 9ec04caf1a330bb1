import RESP

/// How files are read.
package struct ReadSettings: Sendable {
    /// Unix milliseconds: what expiries count from that old servers wrote as seconds left.
    package var now: Int64
    /// Whether to pass over what we do not keep, and count it, instead of failing.
    package var skipsUnsupported: Bool

    package init(now: Int64, skipsUnsupported: Bool = false) {
        self.now = now
        self.skipsUnsupported = skipsUnsupported
    }
}

/// Reads records: requests as Redis writes them into a log.
struct RecordReader {
    private let settings: ReadSettings
    private(set) var counts = RecordCounts()
    /// Whether something was read that only other servers write. Redis' first record after each start is a `SELECT`.
    var hasOthers = false
    /// What `SELECT` chose.
    private var database: Int64 = 0

    /// So many bytes are read at once: a batch's offsets have 32 bits.
    private static let maximumWindow = Int(UInt32.max)
    private static let progressStep = 1 << 20

    private static let parser = RequestParser(limits: RequestLimits(maximumBulk: 1 << 29, maximumArguments: 1 << 24))

    init(_ settings: ReadSettings) { self.settings = settings }

    // MARK: Where records end

    /// What stands at an offset.
    private enum Item {
        /// A request, in the batch.
        case request(end: Int)
        /// A line that Redis skips.
        case annotation(end: Int)
        /// A line of ours.
        case seal
        case note(TimeNote, end: Int)
        case incomplete
        case bad(String)
    }

    private static func item(
        _ bytes: RawSpan, at offset: Int, before end: Int, _ batch: inout RequestBatch
    ) -> Item {
        batch.removeAll()
        let window = bytes.extracting(offset..<min(end, offset + maximumWindow))
        switch parser.parse(window, from: 0, into: &batch) {
        case .request(let length): return .request(end: offset + length)
        case .inline, .incompleteLine: break
        case .incomplete: return .incomplete
        case .nothing: return .bad("an empty record")
        case .invalid(let error): return .bad("no record (\(error.message))")
        }
        guard window[byte: 0] == UInt8(ascii: "#") else { return .bad("no record begins here") }
        guard let length = window.lineLength else { return .incomplete }
        if TimeNote.recognizes(window) {
            guard let note = TimeNote(line: window.extracting(first: length)) else { return .bad("no note of times") }
            return .note(note, end: offset + length)
        }
        if window.starts(with: "#revoked-") { return .seal }
        return .annotation(end: offset + length)
    }

    enum Stop {
        /// All is well up to the file's end.
        case end
        case incomplete
        case badRecord
        /// A line of ours.
        case seal
    }

    /// Where the complete records and groups of records from `start` on end, and why there.
    static func findEnd(of bytes: RawSpan, from start: Int) -> (offset: Int, stop: Stop, reason: String) {
        var batch = RequestBatch()
        var position = start
        var group: Int?
        while position < bytes.byteCount {
            if let record = SetRecord(bytes, at: position, before: bytes.byteCount) {
                position = record.end
                continue
            }
            switch item(bytes, at: position, before: bytes.byteCount, &batch) {
            case .request(let end):
                if batch.argumentCount == 1 {
                    let name = RequestArguments(of: batch[0], in: batch, input: bytes.extracting(position..<end))[0]
                    if group == nil, name.equalsIgnoringCase("multi") {
                        group = position
                    } else if name.equalsIgnoringCase("exec") {
                        group = nil
                    }
                }
                position = end
            case .annotation(let end), .note(_, let end): position = end
            case .seal: return (group ?? position, .seal, "a checksum line is damaged")
            case .incomplete: return (group ?? position, .incomplete, "the file ends within a record")
            case .bad(let reason): return (group ?? position, .badRecord, reason)
            }
        }
        if let group { return (group, .incomplete, "the file ends within MULTI and EXEC") }
        return (position, .end, "")
    }

    // MARK: Handing them on

    /// Hands on the records of a range, which ends where one ends.
    mutating func read<Sink: RecordSink & ~Copyable>(
        _ bytes: RawSpan, _ range: Range<Int>, into sink: inout Sink, progress: (Int) -> Void
    ) throws(FormatError) {
        var position = range.lowerBound
        var nextReport = position + Self.progressStep
        var isInGroup = false
        var batch = RequestBatch()
        var queue = EntryQueue<Sink>()
        while position < range.upperBound {
            if database == 0, let record = SetRecord(bytes, at: position, before: range.upperBound) {
                queue.add(record.key, record.value, expiry: record.expiry, of: bytes, to: &sink)
                counts.records += 1
                position = record.end
                report(position, &nextReport, progress)
                continue
            }
            queue.flush(bytes, to: &sink)
            switch Self.item(bytes, at: position, before: range.upperBound, &batch) {
            case .request(let end):
                try apply(batch, bytes.extracting(position..<end), at: position, &isInGroup, to: &sink)
                position = end
            case .annotation(let end):
                noteOthers(&sink)
                position = end
            case .note(let note, let end):
                sink.readExpiries(by: note)
                position = end
            case .seal, .incomplete: throw FormatError(at: position, "a record reaches over its batch")
            case .bad(let reason): throw FormatError(at: position, reason)
            }
            report(position, &nextReport, progress)
        }
        queue.flush(bytes, to: &sink)
        guard !isInGroup else { throw FormatError(at: range.upperBound, "MULTI without EXEC") }
    }

    /// Another server has gone on with the file, and writes expiries as they are.
    private mutating func noteOthers(_ sink: inout some RecordSink & ~Copyable) {
        hasOthers = true
        sink.readExpiries(by: nil)
    }

    @inline(__always)
    private func report(_ position: Int, _ next: inout Int, _ progress: (Int) -> Void) {
        guard position >= next else { return }
        progress(position)
        next = position + Self.progressStep
    }

    private mutating func apply(
        _ batch: borrowing RequestBatch, _ input: RawSpan, at offset: Int, _ isInGroup: inout Bool,
        to sink: inout some RecordSink & ~Copyable
    ) throws(FormatError) {
        let record = RequestArguments(of: batch[0], in: batch, input: input)
        let kind = try RecordKind(record, skipsUnsupported: settings.skipsUnsupported, at: offset)
        switch kind {
        case .multi where !isInGroup: isInGroup = true
        case .exec where isInGroup: isInGroup = false
        case .multi, .exec: throw FormatError(at: offset, "MULTI and EXEC do not match")
        case .select:
            noteOthers(&sink)
            database = try record.number(1, at: offset)
            if database != 0, !settings.skipsUnsupported {
                throw FormatError(
                    .unsupported, at: offset,
                    "keys of database \(database), and there is only database 0 (--skip-unsupported passes over them)")
            }
        case .other: counts.skipped += 1
        case _ where database != 0 && kind != .flushAll: counts.skipped += 1
        default:
            try record.apply(kind, to: &sink, now: settings.now, at: offset)
            counts.records += 1
        }
    }
}

extension RawSpan {
    /// How long the first line is, its end included.
    fileprivate var lineLength: Int? {
        (0..<byteCount).first { self[byte: $0] == UInt8(ascii: "\n") }.map { $0 + 1 }
    }

    fileprivate func starts(with text: StaticString) -> Bool {
        byteCount >= text.utf8CodeUnitCount && extracting(first: text.utf8CodeUnitCount).equalsIgnoringCase(text)
    }
}
