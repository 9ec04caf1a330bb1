import Persistence
import RESP

/// What is read after `PSYNC`: the answer, a file with all keys if it is needed, and the records since. Hands all of
/// it to a sink. Takes bytes, has no sockets and no clock.
///
/// After an error nothing of the copy may be believed.
struct RecordStream<Sink: StreamSink & ~Copyable>: ~Copyable {

    private enum Phase {
        case answer
        /// The table for the copy is not known yet.
        case table
        /// The file's length.
        case length
        case file(End)
        /// The mark behind a file of unknown length.
        case mark([UInt8])
        case records
        case failed
    }

    private enum End {
        case after(UInt64)
        case mark([UInt8])
    }

    /// The longest line of an answer.
    private static var maximumLine: Int { 512 }
    private static var markLength: Int { 40 }
    /// An incomplete entry of more bytes than this is read again only when a quarter more has arrived.
    private static var largeEntry: Int { 1 << 20 }

    private var phase = Phase.answer
    private var pending = InputQueue()
    private(set) var sink: Sink
    private var file: RDBReader
    private var records: RecordReader
    private var pieces: RecordPieces
    private var unit: RecordPieces.Unit?
    /// How many bytes of the file have to be there before it is worth to read on.
    private var needed = 0
    /// Where the stream is. The copy is complete only if ``isComplete``.
    private(set) var position: StreamPosition?
    /// Whether the sink has all keys as of ``position``.
    private(set) var isComplete = false
    private let dialect: StreamDialect
    /// Bytes that have arrived behind ``position``, and are no whole record or file yet.
    var unreadCount: Int { pending.count }
    /// That of the next record. A server that goes on does not say it again.
    var database: Int64 { records.database }

    /// - Parameters:
    ///   - sink: the one that the stream goes on with. It has selected `database`.
    ///   - position: that of the sink; nil if it holds no copy.
    init(_ sink: consuming Sink, at position: StreamPosition?, database: Int64 = 0, _ dialect: StreamDialect) {
        self.sink = sink
        self.position = position
        self.dialect = dialect
        pieces = RecordPieces(database: database)
        let configuration = ReadConfiguration(now: 0, skipsUnsupported: dialect.skipsUnsupported)
        file = RDBReader(configuration)
        records = RecordReader(configuration, database: database)
    }

    /// Begins the copy that ``StreamEvent/copies`` has announced.
    mutating func copy(into sink: consuming Sink) {
        guard case .table = phase else { preconditionFailure("no copy was announced") }
        self.sink = sink
        pieces = RecordPieces()
        records = RecordReader(
            ReadConfiguration(now: 0, skipsUnsupported: dialect.skipsUnsupported))
        phase = .length
    }

    /// Takes bytes that have arrived. ``next(at:)`` is called until it returns nil.
    mutating func append(_ bytes: RawSpan) { pending.append(bytes) }

    /// Reads on.
    /// - Parameter now: Unix milliseconds, from which lifetimes in records count.
    /// - Returns: nil if more bytes are needed.
    mutating func next(at now: Int64 = 0) throws(StreamError) -> StreamEvent? {
        records.setTime(now)
        do throws(StreamError) { return try read() } catch {
            phase = .failed
            isComplete = false
            throw error
        }
    }

    private mutating func read() throws(StreamError) -> StreamEvent? {
        while true {
            switch phase {
            case .answer:
                guard let line = try line() else { return nil }
                return try begin(line)
            case .length:
                guard let line = try line() else { return nil }
                phase = .file(try Self.end(line))
            case .file(let end):
                guard try readFile(end) else { return nil }
                if case .records = phase { return .applied }
            case .mark(let mark):
                guard pending.count >= mark.count else { return nil }
                guard pending.span.extracting(first: mark.count).withUnsafeBytes({ $0.elementsEqual(mark) }) else {
                    throw .damaged("the file does not end where it should")
                }
                pending.consume(mark.count)
                endFile()
                return .applied
            case .records: return try readRecords()
            case .table, .failed: preconditionFailure("the stream waits for a table, or has failed")
            }
        }
    }

    // MARK: The answer

    /// The next line that says something. Empty ones are signs of life.
    private mutating func line() throws(StreamError) -> String? {
        while true {
            // A copy, for what is read while something else is changed: it shares the bytes.
            let input = pending
            let bytes = input.span
            let limit = min(bytes.byteCount, Self.maximumLine)
            guard let end = (0..<limit).first(where: { bytes[byte: $0] == UInt8(ascii: "\n") }) else {
                if bytes.byteCount >= Self.maximumLine { throw .damaged("a line too long") }
                return nil
            }
            let text = bytes.extracting(first: end).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            pending.consume(end + 1)
            let line = text.hasSuffix("\r") ? String(text.dropLast()) : text
            if !line.isEmpty { return line }
        }
    }

    private mutating func begin(_ line: String) throws(StreamError) -> StreamEvent {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        switch words[0] {
        case "+FULLRESYNC":
            guard words.count == 3, Self.isStretch(words[1]), let offset = UInt64(words[2]), offset < 1 << 62 else {
                throw .damaged("an answer that says not where the copy begins")
            }
            position = StreamPosition(stretch: String(words[1]), offset: offset)
            isComplete = false
            phase = .table
            return .copies
        case "+CONTINUE":
            guard let position, words.count <= 2, words.count == 1 || Self.isStretch(words[1]) else {
                throw .damaged("an answer that says not where the copy goes on")
            }
            // A server that was restarted, or took the place of another, names a stretch that continues this one.
            if words.count == 2 { self.position = StreamPosition(stretch: String(words[1]), offset: position.offset) }
            isComplete = true
            phase = .records
            return .resumes
        default:
            guard line.hasPrefix("-") else { throw .damaged("an answer that is none to PSYNC") }
            throw .refused(line: line)
        }
    }

    private static func isStretch(_ word: Substring) -> Bool {
        word.utf8.count == markLength
            && word.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// `$<length>` or `$EOF:<mark>`.
    private static func end(_ line: String) throws(StreamError) -> End {
        let word = line.dropFirst()
        guard line.hasPrefix("$") else { throw .damaged("no file where one was announced") }
        if word.hasPrefix("EOF:"), word.utf8.count == 4 + markLength { return .mark(Array(word.utf8.dropFirst(4))) }
        guard let length = UInt64(word), (1..<1 << 48).contains(length) else {
            throw .damaged("a file of impossible length")
        }
        return .after(length)
    }

    // MARK: The file

    /// - Returns: false if more bytes are needed.
    private mutating func readFile(_ end: End) throws(StreamError) -> Bool {
        guard !pending.isEmpty else { return false }
        var available = pending.count
        if case .after(let left) = end { available = Int(min(UInt64(available), left)) }
        guard mayReadOn(end, available) else { return try awaitMore() }
        let used: Int
        do throws(FormatError) {
            let input = pending
            used = try file.read(piece: input.span.extracting(first: available), into: &sink)
        } catch {
            throw .damaged("the file is damaged: \(error.reason)")
        }
        pending.consume(used)
        try check()
        let rest = available - used
        needed = rest > Self.largeEntry ? rest + rest / 4 : 0
        switch end {
        case .after(let left):
            let rest = left - UInt64(used)
            if file.isComplete, rest == 0 {
                endFile()
                return true
            }
            // It has ended early, or all the rest is here and is no whole entry.
            guard !file.isComplete, UInt64(available) < left else { throw .damaged("the file is torn") }
            phase = .file(.after(rest))
        case .mark(let mark):
            if file.isComplete {
                phase = .mark(mark)
                return true
            }
        }
        return try awaitMore()
    }

    /// Whether what has arrived of the file is enough to go on: the end of a large entry that is not there yet is not
    /// looked for at each read.
    private func mayReadOn(_ end: End, _ available: Int) -> Bool {
        guard available < needed else { return true }
        switch end {
        case .after(let left): return UInt64(available) == left
        case .mark(let mark):
            let input = pending
            return input.span.extracting(droppingFirst: max(0, input.count - mark.count)).withUnsafeBytes {
                $0.elementsEqual(mark)
            }
        }
    }

    private func awaitMore() throws(StreamError) -> Bool {
        guard pending.count < dialect.maximumUnit else { throw .tooLarge }
        return false
    }

    private mutating func endFile() {
        sink.endFile()
        isComplete = true
        phase = .records
    }

    // MARK: The records

    private mutating func readRecords() throws(StreamError) -> StreamEvent? {
        guard let unit = try nextUnit() else {
            // Not too large for good: the next copy is made of files that need not hold it.
            guard pending.count < dialect.maximumUnit else { throw StreamIn.longRecord }
            return nil
        }
        guard var end = position else { preconditionFailure("records follow an answer that says where they are") }
        end.offset += UInt64(unit.length)
        if unit.empties, self.unit == nil {
            self.unit = unit
            return .empties(until: end)
        }
        self.unit = nil
        if unit.isGroup { sink.beginGroup() }
        do throws(FormatError) {
            let input = pending
            try records.read(input.span, 0..<unit.length, into: &sink) { _ in }
        } catch {
            throw .damaged("a record is damaged: \(error.reason)")
        }
        if unit.isGroup, sink.objection == nil { sink.endGroup() }
        try check()
        pending.consume(unit.length)
        position = end
        return .applied
    }

    private mutating func nextUnit() throws(StreamError) -> RecordPieces.Unit? {
        if let unit { return unit }
        do throws(FormatError) {
            let input = pending
            return try pieces.next(input.span)
        } catch {
            throw .damaged("a record is damaged: \(error.reason)")
        }
    }

    private func check() throws(StreamError) {
        if let objection = sink.objection { throw objection }
    }
}
