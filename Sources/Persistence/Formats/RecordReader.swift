import Denylist
import RESP

/// How files are read.
package struct ReadConfiguration: Sendable {
    /// Unix milliseconds: the base for expiries that old servers wrote as remaining seconds.
    package var now: Int64
    /// Whether to skip and count data that we do not keep, instead of failing.
    package var skipsUnsupported: Bool

    package init(now: Int64, skipsUnsupported: Bool = false) {
        self.now = now
        self.skipsUnsupported = skipsUnsupported
    }
}

/// Reads records: requests as Redis writes them into a log.
package struct RecordReader {
    private var settings: ReadConfiguration
    private(set) var counts = RecordCounts()
    /// The size of all records that were handed over, as positions in the log count it: notes and seals are left out.
    private(set) var bytes: UInt64 = 0
    /// The process that wrote the newest note; nil without one.
    private(set) var newestRun: UInt64?
    /// Whether a record was read that only other servers write. Redis writes a `SELECT` first after each start.
    var hasOthers = false
    /// The database chosen by `SELECT`.
    package private(set) var database: Int64
    /// Whether the daemon has that database.
    private var isKept: Bool { (0..<Int64(DatabaseNumber.count)).contains(database) }

    /// The largest range read at once: a batch's offsets have 32 bits.
    private static let maximumWindow = Int(UInt32.max)
    private static let progressStep = 1 << 20

    private static let parser = RequestParser(limits: RequestLimits(maximumBulk: 1 << 29, maximumArguments: 1 << 24))

    /// - Parameter database: that of the first record.
    package init(_ settings: ReadConfiguration, database: Int64 = 0) {
        self.settings = settings
        self.database = database
    }

    /// Sets the base of lifetimes, in Unix milliseconds.
    package mutating func setTime(_ now: Int64) { settings.now = now }

    // MARK: Where records end

    /// The item at an offset.
    private enum Item {
        /// A request, in the batch.
        case request(end: Int)
        /// A line that Redis skips.
        case annotation(end: Int)
        /// A seal of ours.
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
        guard window[byte: 0] == UInt8(ascii: "#") else { return .bad("not the start of a record") }
        guard let length = window.lineLength else { return .incomplete }
        if TimeNote.recognizes(window) {
            guard let note = TimeNote(line: window.extracting(first: length)) else {
                return .bad("an invalid note of the clocks")
            }
            return .note(note, end: offset + length)
        }
        if window.starts(with: "#revoked-") { return .seal }
        return .annotation(end: offset + length)
    }

    /// What is at an offset, and where it ends.
    enum Extent {
        case record(end: Int)
        /// A note or a seal: no server executes it.
        case line(end: Int)
        case incomplete
        case bad
    }

    static func extent(of bytes: RawSpan, at offset: Int, _ batch: inout RequestBatch) -> Extent {
        if let record = SetRecord(bytes, at: offset, before: bytes.byteCount) { return .record(end: record.end) }
        switch item(bytes, at: offset, before: bytes.byteCount, &batch) {
        case .request(let end): return .record(end: end)
        case .annotation(let end), .note(_, let end): return .line(end: end)
        case .seal:
            let length = bytes.extracting(droppingFirst: offset).lineLength
            return length.map { .line(end: offset + $0) } ?? .incomplete
        case .incomplete: return .incomplete
        case .bad: return .bad
        }
    }

    enum Stop {
        /// The file ended after a complete record.
        case end
        case incomplete
        case badRecord
        /// A seal of ours.
        case seal
    }

    /// Finds the end of the complete records and groups from `start` on, and why the search stopped there.
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

    // MARK: Handing over

    /// Hands over the records of a range that ends at a record's end.
    package mutating func read<Sink: RecordSink & ~Copyable>(
        _ bytes: RawSpan, _ range: Range<Int>, into sink: inout Sink, progress: (Int) -> Void
    ) throws(FormatError) {
        var position = range.lowerBound
        var lines = 0
        var nextReport = position + Self.progressStep
        var isInGroup = false
        var batch = RequestBatch()
        var queue = EntryQueue<Sink>()
        while position < range.upperBound {
            if isKept, let record = SetRecord(bytes, at: position, before: range.upperBound) {
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
                lines += end - position
                position = end
            case .note(let note, let end):
                sink.readExpiries(by: note)
                newestRun = note.run
                lines += end - position
                position = end
            case .seal, .incomplete: throw FormatError(at: position, "a record extends beyond its batch")
            case .bad(let reason): throw FormatError(at: position, reason)
            }
            report(position, &nextReport, progress)
        }
        queue.flush(bytes, to: &sink)
        self.bytes += UInt64(range.count - lines)
        guard !isInGroup else { throw FormatError(at: range.upperBound, "MULTI without EXEC") }
    }

    /// Another server has appended to the file, and writes expiries unchanged.
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
            // Ours spells it in lower case, and in groups only (``RecordEncoding/appendSelect(_:to:)``).
            if !isInGroup || record[0][byte: 0] != UInt8(ascii: "s") { noteOthers(&sink) }
            try select(try record.number(1, at: offset), &sink, at: offset)
        case .swapDatabases: try swap(record, &sink, at: offset)
        case .other:
            counts.skipped += 1
            try record.skip(kind, in: &sink, at: offset)
        case .keyless: counts.skipped += 1
        case .signal: break
        case _ where !isKept && kind != .flushAll:
            counts.skipped += 1
            try record.skip(kind, in: &sink, at: offset)
        default:
            try record.apply(kind, to: &sink, now: settings.now, at: offset)
            counts.records += 1
        }
    }
}

extension RecordReader {
    private mutating func select(
        _ database: Int64, _ sink: inout some RecordSink & ~Copyable, at offset: Int
    ) throws(FormatError) {
        self.database = database
        guard isKept || settings.skipsUnsupported else {
            throw .unsupportedDatabase(database, at: offset)
        }
        if isKept { sink.select(Int(database)) }
    }
}

extension RecordReader {
    private mutating func swap(
        _ record: RequestArguments, _ sink: inout some RecordSink & ~Copyable, at offset: Int
    ) throws(FormatError) {
        let numbers = (try record.number(1, at: offset), try record.number(2, at: offset))
        for number in [numbers.0, numbers.1] where !(0..<Int64(DatabaseNumber.count)).contains(number) {
            throw .unsupportedDatabase(number, at: offset)
        }
        sink.swap(Int(numbers.0), Int(numbers.1))
        counts.records += 1
    }
}

extension FormatError {
    static func unsupportedDatabase(_ number: some BinaryInteger, at offset: Int) -> Self {
        FormatError(
            .unsupported, at: offset,
            "keys of database \(number), and there are databases 0 to \(DatabaseNumber.count - 1) "
                + "(--skip-unsupported skips them)")
    }
}

extension RawSpan {
    /// The length of the first line, its end included.
    fileprivate var lineLength: Int? {
        (0..<byteCount).first { self[byte: $0] == UInt8(ascii: "\n") }.map { $0 + 1 }
    }

    fileprivate func starts(with text: StaticString) -> Bool {
        byteCount >= text.utf8CodeUnitCount && extracting(first: text.utf8CodeUnitCount).equalsIgnoringCase(text)
    }
}
